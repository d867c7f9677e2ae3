/**
 * What a claim was, as far as had been said by a moment: neither what was so then nor what had been
 * recorded then. A record made years later can still be asked what a reader of that hour could know.
 */
import { Equal } from 'typebox/value';
import { type ClaimEvent, type ClaimMade, contentOf } from './claim.ts';
import { afterClaimEvent, type ClaimState } from './claim-state.ts';
import { valueAt } from './json-pointer.ts';
import type { Recorded } from './recorded.ts';
import { endMs, isDate, startMs } from './times.ts';

/**
 * The state of a claim after those of its events, in the order of the log, that had been said by
 * `moment` (a date is its whole day); undefined where the claim itself had not been.
 *
 * What does not tell when it was said counts from when it was recorded, for by then it surely was.
 * A correction of our own record, an error of extraction or translation, counts whenever it was
 * made: the claimant had said that all along.
 */
export function claimSaidBy(
  events: Iterable<Recorded<ClaimEvent>>,
  moment: string,
): ClaimState | undefined {
  let state: ClaimState | undefined;
  for (const event of events) {
    if (counts(event, state, moment)) state = afterClaimEvent(state, event);
  }
  // As its own time reads now: that may have been corrected, too.
  if (state === undefined) return undefined;
  const { current, recorded_at } = state;
  return isSaidBy({ data: current, recorded_at }, moment) ? state : undefined;
}

type Correction = Extract<Recorded<ClaimEvent>, { type: 'ClaimCorrected' }>;

const causesOfOurs: readonly string[] = ['extraction_error', 'translation_error'];

function counts(event: Recorded<ClaimEvent>, state: ClaimState | undefined, moment: string) {
  if (event.type === 'ClaimMade') return true;
  return isOfOurRecord(event) ? applies(state, event) : isSaidBy(event, moment);
}

function isOfOurRecord(event: Recorded<ClaimEvent>): event is Correction {
  return event.type === 'ClaimCorrected' && causesOfOurs.includes(event.data.cause);
}

// It may correct what the claimant said only later: of that there is nothing to correct yet.
function applies(state: ClaimState | undefined, { data }: Correction): boolean {
  if (state === undefined) return false;
  return Equal(valueAt(contentOf(state.current), data.field), data.from);
}

type Said = {
  readonly data: Pick<ClaimMade, 'asserted_at'>;
  readonly recorded_at: string;
};

function isSaidBy({ data, recorded_at }: Said, moment: string): boolean {
  const lastMs = isDate(moment) ? endMs(moment) - 1 : endMs(moment);
  return startMs(data.asserted_at ?? recorded_at) <= lastMs;
}
