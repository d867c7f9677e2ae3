/**
 * How far a negotiation is, by what was said latest, whatever was recorded when: an old rejection
 * that is found late takes back no acceptance that came after it.
 */
import type { NegotiationEvent } from './negotiation.ts';
import { saidAtMs } from './recorded.ts';
import { lastMs } from './times.ts';

export type Phase =
  | 'none'
  | 'proposed'
  | 'accepted'
  | 'ongoing'
  | 'suspended'
  | 'resumed'
  | 'concluded';
type Stance = Extract<NegotiationEvent, { data: { party_id: string } }>;

/**
 * Per event: in which phases it leads on, and to which; in others a stance is recorded all the
 * same. Talks that were resumed go on as those that were started do, but after a suspension.
 */
export const leads: Readonly<
  Record<NegotiationEvent['type'], { from: readonly Phase[]; to: Phase }>
> = {
  NegotiationProposed: { from: ['none', 'concluded'], to: 'proposed' },
  NegotiationAccepted: { from: ['none', 'proposed', 'concluded'], to: 'accepted' },
  NegotiationRejected: { from: ['proposed', 'accepted'], to: 'none' },
  NegotiationStarted: { from: ['accepted'], to: 'ongoing' },
  NegotiationSuspended: { from: ['ongoing', 'resumed'], to: 'suspended' },
  NegotiationResumed: { from: ['suspended'], to: 'resumed' },
  NegotiationConcluded: { from: ['ongoing', 'suspended', 'resumed'], to: 'concluded' },
};

/** Whether what leads to `to` is so already in `phase`. */
export function isSoIn(phase: Phase, to: Phase): boolean {
  return phase === to || (phase === 'resumed' && to === 'ongoing');
}

/**
 * The phase that `event` meets after `words`, which are in the order of their record: of all of
 * them, or of those said by the time of the event, which where it has none are all. For a stance it
 * is the phase between its two parties.
 */
export function phaseFor(
  event: NegotiationEvent,
  words: readonly NegotiationEvent[],
  of: 'all' | 'said-by-then',
): Phase {
  const throughMs = of === 'all' ? Number.POSITIVE_INFINITY : saidThroughMs(event);
  let course: Phase = 'none';
  // Talks are of many, a stance is between two: that one rejects another binds no third.
  const between = new Map<string, Phase>();
  for (const word of inOrderSaid(words, throughMs)) {
    const { from, to } = leads[word.type];
    if (isStance(word)) {
      const pair = pairOf(word);
      if (from.includes(between.get(pair) ?? course)) between.set(pair, to);
    } else {
      // Whether it could be was asked when it was recorded; what it began or ended was for all.
      if (!isSoIn(course, to)) course = to;
      between.clear();
    }
  }
  if (isStance(event)) return between.get(pairOf(event)) ?? course;
  return [...between.values()].includes('accepted') ? 'accepted' : course;
}

// What has no time was said by when it was recorded, and is never before what it comes after there:
// an acceptance without a date would else be one of a round that was concluded long ago.
function inOrderSaid(words: readonly NegotiationEvent[], throughMs: number): NegotiationEvent[] {
  let latestMs = Number.NEGATIVE_INFINITY;
  const timed = words.map((word) => {
    const saidMs = saidAtMs(word.data);
    const ms = saidMs === Number.NEGATIVE_INFINITY ? latestMs : saidMs;
    latestMs = Math.max(latestMs, ms);
    return { word, ms };
  });
  return timed
    .filter(({ ms }) => ms <= throughMs)
    .toSorted((a, b) => (a.ms === b.ms ? 0 : a.ms - b.ms))
    .map(({ word }) => word);
}

// A date is its whole day: what was said on it may have come before.
function saidThroughMs({ data: { asserted_at, occurred } }: NegotiationEvent): number {
  const moment = asserted_at ?? occurred?.from;
  return moment === undefined ? Number.POSITIVE_INFINITY : lastMs(moment);
}

function isStance(event: NegotiationEvent): event is Stance {
  return 'party_id' in event.data;
}

// The same from either side.
function pairOf({ data: { party_id, counterpart_id } }: Stance): string {
  return [party_id, counterpart_id].sort().join(' ');
}
