/**
 * What a claim was, as far as had been said by a moment: neither what was so then nor what had been
 * recorded then. A record made years later can be asked what a reader of that hour could know.
 */
import { Equal } from 'typebox/value';
import { type ClaimEvent, contentOf } from './claim.ts';
import { afterClaimEvent, type ClaimState } from './claim-state.ts';
import { valueAt } from './json-pointer.ts';
import type { Recorded } from './recorded.ts';
import { lastMs, startMs } from './times.ts';

/**
 * The state of a claim after those of its events, in the order of the log, that had been said by
 * `moment` (a date is its whole day); undefined where the claim itself had not been.
 *
 * What does not tell when it was said counts from when it was recorded, for by then it surely was;
 * but a claim is superseded as soon as both it and its successor are said, and `saidAtOf` knows of
 * claims when: by one that was said earlier, it is from when it is said itself.
 * A correction of our own record, an error of extraction or translation, counts whenever it was
 * made: the claimant had said that all along.
 */
export function claimSaidBy(
  events: Iterable<Recorded<ClaimEvent>>,
  moment: string,
  saidAtOf: (claimId: string) => string | undefined = () => undefined,
): ClaimState | undefined {
  let state: ClaimState | undefined;
  for (const event of events) {
    if (counts(event, state, moment, saidAtOf)) state = afterClaimEvent(state, event);
  }
  // As its own time reads now: that may have been corrected, too.
  if (state === undefined) return undefined;
  const { current, recorded_at } = state;
  return isBy(current.asserted_at ?? recorded_at, moment) ? state : undefined;
}

type Correction = Extract<Recorded<ClaimEvent>, { type: 'ClaimCorrected' }>;

const causesOfOurs: readonly string[] = ['extraction_error', 'translation_error'];

function counts(
  event: Recorded<ClaimEvent>,
  state: ClaimState | undefined,
  moment: string,
  saidAtOf: (claimId: string) => string | undefined,
): boolean {
  if (event.type === 'ClaimMade') return true;
  if (isOfOurRecord(event)) return applies(state, event);
  const { data, recorded_at } = event;
  const successor = event.type === 'ClaimSuperseded' ? saidAtOf(event.data.by_claim_id) : undefined;
  return isBy(data.asserted_at ?? successor ?? recorded_at, moment);
}

function isOfOurRecord(event: Recorded<ClaimEvent>): event is Correction {
  return event.type === 'ClaimCorrected' && causesOfOurs.includes(event.data.cause);
}

// It may correct what the claimant said only later: of that there is nothing to correct yet.
function applies(state: ClaimState | undefined, { data }: Correction): boolean {
  if (state === undefined) return false;
  return Equal(valueAt(contentOf(state.current), data.field), data.from);
}

function isBy(said: string, moment: string): boolean {
  return startMs(said) <= lastMs(moment);
}
