/** The formats of files that are imported. */
import { acled } from './acled.ts';
import { controlRevisions } from './control-revisions.ts';
import { realDay } from './fields.ts';
import type { Importer } from './importer.ts';
import { orcLosses } from './orc-losses.ts';
import { decoderFor, FileUnreadable } from './text.ts';
import { uaGeneralStaff } from './ua-general-staff.ts';
import { ucdpGed } from './ucdp-ged.ts';

const importers = [uaGeneralStaff, orcLosses, controlRevisions, acled, ucdpGed];

/** CloudEvents, one a line: no importer has to read them. */
export const linesFormat = 'cloudevents';

/** The name of each format. */
export const formats: readonly string[] = [...importers.map(({ format }) => format), linesFormat];

/** The importer of a data set's format; undefined for lines, and for a format that is none. */
export function findImporter(format: string): Importer | undefined {
  return importers.find((one) => one.format === format);
}

/** Options of an import as they are asked for; undefined: not given. */
export type AskedOptions = {
  readonly conflict?: string | undefined;
  readonly encoding?: string | undefined;
  readonly published?: string | undefined;
  readonly full?: unknown;
};

/** The first option that the format lacks, does not take, or that cannot be, and why. */
export function optionFault(
  importer: Importer | undefined,
  asked: AskedOptions,
): { readonly option: keyof AskedOptions; readonly detail: string } | undefined {
  const { conflict, encoding, published, full } = asked;
  if (importer === undefined) {
    const given = Object.entries({ conflict, encoding, published, full }).find(
      ([, value]) => value !== undefined,
    );
    const detail = 'events say all of that themselves';
    return given && { option: given[0] as keyof AskedOptions, detail };
  }
  if (importer.conflictId === 'needed' && conflict === undefined) {
    const detail = `rows of ${importer.format} do not say which; register it first`;
    return { option: 'conflict', detail };
  }
  if (published !== undefined && realDay(published) === undefined) {
    return { option: 'published', detail: 'a day, such as 2022-09-12' };
  }
  return encoding === undefined ? undefined : encodingFault(encoding);
}

function encodingFault(encoding: string) {
  try {
    decoderFor(encoding);
    return undefined;
  } catch (error) {
    if (!(error instanceof FileUnreadable)) throw error;
    return { option: 'encoding' as const, detail: error.message };
  }
}
