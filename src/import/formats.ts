/** The formats of files that are imported. */
import { acled } from './acled.ts';
import { controlRevisions } from './control-revisions.ts';
import type { Importer } from './importer.ts';
import { orcLosses } from './orc-losses.ts';
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
