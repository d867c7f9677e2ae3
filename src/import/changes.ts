/**
 * From what a file says of a claim and what the log holds of it to what is to be recorded: the
 * claim itself, corrections, its end, or nothing.
 */
import { Equal } from 'typebox/value';
import { upcast } from '../domain/catalogue.ts';
import { type ClaimEvent, contentOf } from '../domain/claim.ts';
import { claimStateOf } from '../domain/claim-state.ts';
import { valueAt } from '../domain/json-pointer.ts';
import type { Recorded } from '../domain/recorded.ts';
import type { RecordedEvent } from '../eventstore/event-store.ts';
import type { Content, DraftClaim, Importer, Said, Superseded } from './importer.ts';

/** Who changes what a file says otherwise, and from where that is known. */
export type Editing = {
  readonly importer: Pick<Importer, 'cause' | 'source'>;
  readonly reportId: string;
};

/** A command, and what tells it from others of its type about the same claim. */
export type Step = { readonly said: Said; readonly key: string };

/**
 * What makes the log say what the file says. `history` is the claim's, empty if there is none. Only
 * what files of the data set said before is compared: a correction by somebody else stands until
 * one says something new.
 */
export function stepsTo(
  { id, content }: DraftClaim,
  history: readonly RecordedEvent[],
  editing: Editing,
): Step[] {
  const claim = stateOf(history);
  if (claim === undefined) return [{ said: { type: 'ClaimMade', id, data: content }, key: '' }];
  if (claim.lifecycle === 'retracted') return [];
  const own = stateOf(history.filter((event) => isMaking(event) || isOfFile(event, editing)));
  const before = contentOf((own ?? claim).current);
  const now = contentOf(claim.current);
  const { cause, source } = editing.importer;
  return differences(before, content, editing.reportId).map((field) => {
    const [from, to] = [valueAt(now, field), valueAt(content, field)];
    const data = {
      ...actOf(content.conflict_id, editing),
      ...(cause === 'claimant_revised' &&
        content.asserted_at !== undefined && { asserted_at: content.asserted_at }),
      cause,
      field,
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      reason: `a later file of ${source.outletId} says otherwise`,
    };
    // A field may come to a value twice, each time at another version; the others of the row, of
    // which some may be refused, do not matter.
    const key = JSON.stringify([claim.version, field, to ?? null]);
    return { said: { type: 'ClaimCorrected', id, data }, key };
  });
}

/** What ends a claim that the file gives no longer; nothing where it has ended, or was not ours. */
export function stepsToEnd(
  id: string,
  history: readonly RecordedEvent[],
  reason: string,
  editing: Editing,
): Step[] {
  const claim = stateOf(history);
  const isImported = history.some((event) => isMaking(event) && isOfFile(event, editing));
  if (claim === undefined || !isImported || claim.lifecycle === 'retracted') return [];
  const { conflict_id } = claim.current;
  const data = { ...actOf(conflict_id, editing), reason };
  return [{ said: { type: 'ClaimRetracted', id, data }, key: '' }];
}

/** What says that one claim took the place of another; nothing where one has done so already. */
export function supersession(
  { id, history }: { readonly id: string; readonly history: readonly RecordedEvent[] },
  { by, conflict_id, asserted_at }: Omit<Superseded, 'id'> & { readonly conflict_id: string },
  editing: Editing,
): Step[] {
  if (history.some(({ type }) => type === 'ClaimSuperseded')) return [];
  const reason = 'the same entry was revised to say otherwise';
  // Not when its successor was said: that may be an earlier word, which is put back.
  const data = { ...actOf(conflict_id, editing), asserted_at, by_claim_id: by, reason };
  return [{ said: { type: 'ClaimSuperseded', id, data }, key: by }];
}

/** Whether an import ended the claim, so that a row that is back is another claim. */
export function endedByImport(history: readonly RecordedEvent[], editing: Editing): boolean {
  return history.some((event) => event.type === 'ClaimRetracted' && isOfFile(event, editing));
}

function actOf(conflict_id: string, { importer: { source }, reportId }: Editing) {
  const chain = [{ actor_id: source.outletId, role: 'publisher' as const, report_id: reportId }];
  return { conflict_id, attribution: { claimant_id: source.editorId, chain } };
}

function stateOf(history: readonly RecordedEvent[]) {
  return claimStateOf(history.map((event) => upcast(event)) as unknown as Recorded<ClaimEvent>[]);
}

function isMaking({ type }: RecordedEvent): boolean {
  return type === 'ClaimMade';
}

// By its source, which it keeps wherever the log is copied to.
function isOfFile({ data }: RecordedEvent, { reportId }: Editing): boolean {
  const { attribution } = data as Partial<Content>;
  return attribution?.chain.some(({ report_id }) => isOfSet(report_id, reportId)) ?? false;
}

/** Whether a report is a file of the same kind of the same data set. */
function isOfSet(report: string | undefined, reportId: string): boolean {
  return report?.startsWith(reportId.slice(0, reportId.lastIndexOf(':') + 1)) ?? false;
}

// When it was said, and which file it was first found in, are of the claim as it was made.
const compared = [
  '/attribution/quote',
  '/occurred',
  '/places',
  '/place_precision',
  '/external_codes',
  '/proposition',
] as const;

function differences(before: Content, after: Content, reportId: string): string[] {
  const fields: string[] = compared.flatMap((field) =>
    narrowest(field, valueAt(before, field), valueAt(after, field)),
  );
  const isSameWay = Equal(wayOf(before, reportId), wayOf(after, reportId));
  return isSameWay ? fields : [...fields, '/attribution/chain'];
}

// The hops, whichever file of the data set it was that they were found in.
function wayOf({ attribution: { chain } }: Content, reportId: string) {
  return chain.map(({ report_id, ...hop }) =>
    report_id === undefined || isOfSet(report_id, reportId) ? hop : { ...hop, report_id },
  );
}

// The deepest place below which all that differs lies; none where nothing does.
function narrowest(pointer: string, before: unknown, after: unknown): string[] {
  if (Equal(before, after)) return [];
  if (!isPlain(before) || !isPlain(after)) return [pointer];
  const members = new Set([...Object.keys(before), ...Object.keys(after)]);
  const differing = [...members].filter((name) => !Equal(before[name], after[name]));
  const [only = '', ...others] = differing;
  return others.length > 0 ? [pointer] : narrowest(`${pointer}/${only}`, before[only], after[only]);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
