/** Casualties of a stretch of time: which claims are of it, and why others cannot be cut to it. */
import { type CasualtyTally, tallyOf } from './casualties.ts';
import { type CasualtySubject, misfitOf, type NotAddedReason } from './casualty-subject.ts';
import type { ClaimMade } from './claim.ts';
import type { ClaimView } from './claim-state.ts';
import type { Quantity } from './quantity.ts';
import { spanOf } from './spans.ts';
import { endMs, lastMs, startMs } from './times.ts';

/** From the start of `from` to the end of `to`; dates are UTC's days, an absent end is open. */
export type Period = { readonly from?: string; readonly to?: string };

/**
 * The tally of `subject` over `period`: of the claims that count wholly within it. An increment
 * that begins before or ends after is not cut, for nobody said how much of it lies within; one that
 * lies outside is left out without a word. A total or a state is of the moment it is given for.
 * `claims` are about casualties; `others` as for `tallyOf`.
 */
export function tallyWithin(
  subject: CasualtySubject,
  claims: readonly ClaimView[],
  period: Period,
  others: readonly ClaimView[] = [],
): CasualtyTally {
  const startsMs = period.from === undefined ? Number.NEGATIVE_INFINITY : startMs(period.from);
  const endsMs = period.to === undefined ? Number.POSITIVE_INFINITY : endMs(period.to);
  // An instant at midnight is where a day ends and another begins: it is of the latter.
  const throughMs = period.to === undefined ? endsMs : lastMs(period.to);
  const within: ClaimView[] = [];
  const left: { claim_id: string; reason: NotAddedReason }[] = [];
  for (const claim of claims) {
    const time = timeOf(claim.current);
    const leave = (reason: NotAddedReason) =>
      left.push({ claim_id: claim.current.claim_id, reason: misfitOf(subject, claim) ?? reason });
    if (time === undefined) leave('period-unknown');
    else if (time.startMs >= startsMs && time.startMs <= throughMs && time.endMs <= endsMs) {
      within.push(claim);
    } else if (time.startMs < endsMs && time.endMs > startsMs) leave('period-beyond');
  }
  const tally = tallyOf(subject, within, [...claims, ...others]);
  return { ...tally, not_added: [...tally.not_added, ...left] };
}

// An increment covers time. A total or a state is of a moment: its period's end, or when it was
// said.
function timeOf(claim: ClaimMade): { startMs: number; endMs: number } | undefined {
  const { quantity } = claim.proposition as { quantity: Quantity };
  if (quantity.measure === 'increment') return spanOf(claim, quantity);
  const { period } = quantity;
  const moment = period !== undefined && 'to' in period ? period.to : claim.asserted_at;
  return moment === undefined ? undefined : { startMs: startMs(moment), endMs: endMs(moment) };
}
