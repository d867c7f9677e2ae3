/**
 * The stance of each party of a negotiation towards the other, and the statement that set it.
 *
 * Two things set a stance: what the party itself said (it proposes or accepts, and is open, or
 * conditional where it names conditions; or it rejects, in the words of a code), and the course of
 * the talks (started, resumed, suspended), which binds the parties that it names, or all where it
 * names none. The latest said of both stands. Talks that were concluded bind nobody: what a party
 * said itself stands again, and may be older than the talks.
 *
 * Latest is by `asserted_at`, not by when it was recorded; see `bySaidAt`.
 */
import type { NegotiationEvent } from './negotiation.ts';
import { bySaidAt, type Recorded } from './recorded.ts';

export type Stance = 'open' | 'conditional' | 'no_prospect' | 'rejected' | 'suspended' | 'ongoing';

export type StanceOfParty = {
  readonly party_id: string;
  readonly counterpart_id: string;
  readonly stance: Stance;
  readonly stated_by: string;
  readonly asserted_at: string | null;
  readonly reason?: string;
  readonly conditions?: string;
  readonly event_id: string;
  readonly position: number;
};

type Fact = Recorded<NegotiationEvent>;
type Own = Extract<Fact, { data: { party_id: string } }>;
type Course = Exclude<Fact, Own>;
type Pair = { readonly party_id: string; readonly counterpart_id: string };

/** The stances in one negotiation after its events, in any order; by party, then counterpart. */
export function stancesOf(events: readonly Fact[]): StanceOfParty[] {
  const ordered = events.toSorted((a, b) => bySaidAt(timedOf(a), timedOf(b)));
  const own = ordered.filter(isOwn);
  const course = ordered.filter((event): event is Course => !isOwn(event));
  return pairsOf(own, course).flatMap((pair) => {
    const said = own.findLast(({ data }) => isPair(data, pair));
    const talks = course.findLast(({ data }) => binds(data.parties, pair));
    const binding = talks === undefined ? undefined : courseStances[talks.type];
    const isLater = said === undefined || (talks !== undefined && isAfter(talks, said));
    if (talks !== undefined && binding !== undefined && isLater) {
      return stanceOf(pair, binding, talks);
    }
    return said === undefined ? [] : stanceOf(pair, ownStance(said), said);
  });
}

/**
 * Those of the events that can still matter: with them, whatever is recorded later, the stances are
 * those with all. Per party and counterpart the last own word, per two at one table the last course
 * that names both, and the last that names nobody: as many as there are pairs, not as events.
 */
export function wordsThatCount(events: readonly Fact[]): Fact[] {
  const last = new Map<string, Fact>();
  for (const event of events) {
    for (const subject of subjectsOf(event)) {
      const before = last.get(subject);
      if (before === undefined || isAfter(event, before)) last.set(subject, event);
    }
  }
  return [...new Set(last.values())].toSorted((a, b) => a.position - b.position);
}

const courseStances: Readonly<Record<Course['type'], Stance | undefined>> = {
  NegotiationStarted: 'ongoing',
  NegotiationResumed: 'ongoing',
  NegotiationSuspended: 'suspended',
  NegotiationConcluded: undefined,
};

function ownStance(event: Own): Stance {
  if (event.type === 'NegotiationRejected') return event.data.stance;
  return event.data.conditions === undefined ? 'open' : 'conditional';
}

function isOwn(event: Fact): event is Own {
  return !(event.type in courseStances);
}

// Whoever said something, and who is at the table; talks are between both, whoever asked for them.
function pairsOf(own: readonly Own[], course: readonly Course[]): Pair[] {
  const pairs = new Map<string, Pair>();
  const add = (party_id: string, counterpart_id: string) =>
    pairs.set(`${party_id} ${counterpart_id}`, { party_id, counterpart_id });
  for (const { data } of own) {
    add(data.party_id, data.counterpart_id);
    if (course.length > 0) add(data.counterpart_id, data.party_id);
  }
  for (const { data } of course) {
    const parties = data.parties ?? [];
    for (const one of parties) for (const other of parties) if (one !== other) add(one, other);
  }
  return [...pairs].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair);
}

function isPair(data: Pair, { party_id, counterpart_id }: Pair): boolean {
  return data.party_id === party_id && data.counterpart_id === counterpart_id;
}

function binds(parties: readonly string[] | undefined, pair: Pair): boolean {
  if (parties === undefined || parties.length === 0) return true;
  return parties.includes(pair.party_id) && parties.includes(pair.counterpart_id);
}

// Who is alone at a table counts too: talks were held.
function subjectsOf(event: Fact): string[] {
  if (isOwn(event)) return [`own ${event.data.party_id} ${event.data.counterpart_id}`];
  const { parties = [] } = (event as Course).data;
  if (parties.length === 0) return ['all'];
  return parties.flatMap((one) =>
    parties.filter((other) => one <= other).map((other) => `both ${one} ${other}`),
  );
}

function isAfter(a: Fact, b: Fact): boolean {
  return bySaidAt(timedOf(a), timedOf(b)) > 0;
}

function timedOf({ data, position }: Fact) {
  return { ...data, position };
}

function stanceOf(pair: Pair, stance: Stance, { id, position, data }: Fact): StanceOfParty {
  const { attribution, asserted_at = null, stated_reason: reason } = data;
  const conditions = 'conditions' in data ? data.conditions : undefined;
  return {
    ...pair,
    stance,
    stated_by: attribution.claimant_id,
    asserted_at,
    ...(reason !== undefined && { reason }),
    ...(conditions !== undefined && { conditions }),
    event_id: id,
    position,
  };
}
