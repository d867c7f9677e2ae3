/** Claims as rules about claims among each other see them, for specs. */
import type { ClaimEvent, ClaimMade } from '../../src/domain/claim.ts';
import { type ClaimState, claimStateOf, type Link } from '../../src/domain/claim-state.ts';
import type { Proposition } from '../../src/domain/proposition.ts';
import { deriveBounds, type Quantity, type QuantitySaid } from '../../src/domain/quantity.ts';
import type { Recorded } from '../../src/domain/recorded.ts';

/** `events` as the log gives them back, from position and version 1. */
export function recorded<E>(...events: readonly E[]): Recorded<E>[] {
  return events.map((event, i) => ({
    ...event,
    id: `e${i + 1}`,
    position: i + 1,
    version: i + 1,
    recorded_at: '2026-01-01T00:00:00.000Z',
  }));
}

export const hop = (actor_id: string, report_id?: string) => ({
  actor_id,
  role: 'relay' as const,
  ...(report_id !== undefined && { report_id }),
});

/** A claim's making; its claimant is `ru-mod` and its chain empty unless `more` says otherwise. */
export function made(
  claim_id: string,
  proposition: Proposition,
  {
    claimant_id = 'ru-mod',
    chain = [],
    ...more
  }: Partial<ClaimMade['attribution']> &
    Partial<Omit<ClaimMade, 'proposition' | 'attribution'>> = {},
): Extract<ClaimEvent, { type: 'ClaimMade' }> {
  const attribution = { claimant_id, chain };
  const data = { claim_id, conflict_id: 'c1', attribution, asserted_at: '2022-09-12' };
  return { type: 'ClaimMade', data: { ...data, ...more, proposition } };
}

/** The claim of `making`, with what `more` says of it. */
export function view(making: ReturnType<typeof made>, more: Partial<ClaimState> = {}): ClaimState {
  const state = claimStateOf(recorded(making)) as ClaimState;
  return { ...state, ...more };
}

export const link = (relation: Link['relation'], claim_id: string): Link => ({
  relation,
  claim_id,
});

/** People: 300 of them, in increments, unless `more` says otherwise. */
export function people(more: Partial<QuantitySaid> = {}): Quantity {
  const said = { value: 300, qualifier: 'exact', unit: '{person}', measure: 'increment' } as const;
  return deriveBounds({ ...said, ...more });
}

export function casualties(
  quantity: Quantity,
  more: Partial<Extract<Proposition, { kind: 'casualties' }>> = {},
): Proposition {
  const subject = { side_id: 'ua', category: 'military', outcome: 'killed' } as const;
  return { kind: 'casualties', ...subject, ...more, quantity };
}

export function control(
  controller_id: string | null,
  status: Extract<Proposition, { kind: 'control' }>['status'] = 'controlled',
): Proposition {
  return { kind: 'control', controller_id, status, basis: 'claimed' };
}
