/**
 * A war's log of any length, the same each time, decided by the domain from commands: half of it
 * claims, a quarter assessments, then reports, corrections, retractions, repetitions, links,
 * movements, operations and negotiations. About as many a day as one war has.
 */
import { v7 as uuidv7 } from 'uuid';
import { acts } from '../src/domain/acts.ts';
import { type EventType, schemaVersionOf } from '../src/domain/catalogue.ts';
import { foldOnto, Rejection, streamOf } from '../src/domain/decider.ts';
import type { Append, EventStore, NewEvent } from '../src/eventstore/event-store.ts';

const metadata = { correlation_id: '0199a000-0000-7000-8000-00000000abcd', recorded_by: 'bench' };
const conflicts = ['war-1', 'war-2'];
const sides = ['ru', 'ua'];
const claimants = Array.from({ length: 16 }, (_, i) => `claimant-${i}`);
const assessors = Array.from({ length: 6 }, (_, i) => `assessor-${i}`);
const outlets = Array.from({ length: 30 }, (_, i) => `outlet-${i}`);
const forces = Array.from({ length: 300 }, (_, i) => `force-${i}`);
const places = Array.from({ length: 600 }, (_, i) => `geonames:${700_000 + i}`);
const eventsPerDay = 800;
/** How many claims and reports are still spoken of. */
const recentMax = 4_000;
const chunk = 4_000;
const appendEventsMax = 100;

type Command = { type: EventType; id: string; data: object };

/** Appends `count` events in all, as many at once as the store takes. */
export async function appendSynthetic(store: EventStore, count: number): Promise<void> {
  const log = syntheticLog();
  for (let left = count; left > 0; ) {
    const streams = new Map<string, NewEvent[]>();
    for (let n = Math.min(left, chunk); n > 0; n -= 1, left -= 1) {
      const { stream, event } = log.next().value;
      streams.set(stream, [...(streams.get(stream) ?? []), event]);
    }
    await Promise.all([...streams].flatMap(appendsOf).map((one) => store.append(one)));
  }
}

function appendsOf([stream, events]: [string, NewEvent[]]): Append[] {
  return Array.from({ length: Math.ceil(events.length / appendEventsMax) }, (_, i) => {
    const part = events.slice(i * appendEventsMax, (i + 1) * appendEventsMax);
    return { stream, expectedVersion: 'any', events: part };
  });
}

/** What is recorded, without end, in order. */
export function* syntheticLog(): Generator<{ stream: string; event: NewEvent }, never> {
  const states = new Map<string, unknown>();
  const random = randomFrom(1);
  for (const command of commands(random, states)) {
    const { decider, command: type } = acts[command.type];
    const stream = streamOf(decider.category, command.id);
    const state = states.get(stream) ?? decider.initialState;
    const decided = decider.decide({ ...command, type }, state);
    if (decided instanceof Rejection) continue;
    states.set(stream, foldOnto(decider, state, decided));
    for (const { type, data } of decided) {
      const schema_version = schemaVersionOf(type);
      yield { stream, event: { id: uuidv7(), type, schema_version, data, metadata } };
    }
  }
  throw new Error('the commands have no end');
}

function* commands(random: Random, states: Map<string, unknown>): Generator<Command> {
  yield* register();
  const claims: { id: string; conflict_id: string; value: number | undefined }[] = [];
  const reports: string[] = [];
  for (let n = 0; ; n += 1) {
    const day = Math.floor(n / eventsPerDay);
    const report = reports.at(-1 - random.below(Math.min(reports.length, 20)));
    const conflict_id = random.below(10) === 0 ? 'war-2' : 'war-1';
    const said = (claimant: string, at = dateOf(day)) => ({
      conflict_id,
      attribution: { claimant_id: claimant, chain: chainOf(random, report) },
      asserted_at: at,
    });
    const dice = random.below(100);
    if (reports.length === 0 || dice < 4) {
      reports.push(`report-${n}`);
      yield publication(random, `report-${n}`, day);
    } else if (dice < 52 || claims.length === 0) {
      const id = `claim-${n}`;
      const proposition = propositionOf(random);
      const { quantity } = proposition as { quantity?: { value: number } };
      claims.push({ id, conflict_id, value: quantity?.value });
      yield { type: 'ClaimMade', id, data: { ...claimOf(said, random, day), proposition } };
    } else if (dice < 94) {
      const claim = claims[random.below(claims.length)] as (typeof claims)[number];
      const other = claims[random.below(claims.length)] as (typeof claims)[number];
      const { id, value } = claim;
      const own = { ...said(random.of(claimants)), conflict_id: claim.conflict_id };
      if (dice < 78) yield assessment(random, id, own);
      else if (dice < 82 && value !== undefined) {
        claim.value = value + 1;
        yield { type: 'ClaimCorrected', id, data: { ...own, ...revision(value) } };
      } else if (dice < 86) {
        yield { type: 'ClaimRepeated', id, data: { ...own, asserted_at: dateOf(day) } };
      } else if (dice < 89) {
        yield { type: 'ClaimRetracted', id, data: { ...own, reason: 'the claimant withdrew it' } };
      } else if (id !== other.id && claim.conflict_id === other.conflict_id) {
        const relation = random.of(['contradicts', 'corroborates', 'same_occurrence']);
        const data = { ...own, relation, other_claim_id: other.id };
        yield { type: 'ClaimLinked', id, data };
      }
    } else if (dice < 97) {
      const type = random.of(['TroopsDeployed', 'TroopsWithdrew', 'TroopsAdvanced'] as const);
      const where = type === 'TroopsWithdrew' ? 'from' : 'to';
      const data = { ...said(random.of(sides)), [where]: [random.of(places)], basis: 'claimed' };
      yield { type, id: random.of(forces), data };
    } else if (dice < 98) {
      const data = { ...said('ru'), actor_id: 'ru', goal: `goal of day ${day}` };
      yield { type: 'OperationGoalReaffirmed', id: `op-${day >> 6}-${conflict_id}`, data };
    } else {
      const [party_id, counterpart_id] = random.of([sides, sides.toReversed()]) as [string, string];
      const stance = random.of(['no_prospect', 'rejected', 'conditional']);
      const words = { party_id, counterpart_id, stance, stated_reason: `as of day ${day}` };
      const id = `talks-${day >> 6}-${conflict_id}`;
      yield { type: 'NegotiationRejected', id, data: { ...said(party_id), ...words } };
    }
    forget(states, claims, reports);
  }
}

function* register(): Generator<Command> {
  const actors = { state: sides, ministry: claimants, assessor: assessors, outlet: outlets };
  for (const [kind, ids] of Object.entries({ ...actors, armed_force: forces })) {
    for (const [i, id] of ids.entries()) {
      const part = kind === 'ministry' || kind === 'armed_force' ? { part_of: sides[i % 2] } : {};
      yield { type: 'ActorRegistered', id, data: { name: `Name of ${id}`, kind, ...part } };
    }
  }
  for (const [i, id] of places.entries()) {
    const point = [30 + (i % 100) / 10, 45 + (i % 70) / 10];
    yield { type: 'PlaceRegistered', id, data: { name: `Place ${i}`, point } };
  }
  for (const id of conflicts) {
    yield { type: 'ConflictRegistered', id, data: { name: id, parties: sides } };
  }
}

function publication(random: Random, id: string, day: number): Command {
  const content = {
    outlet_id: random.of(outlets),
    url: `https://example.org/${id}`,
    language: 'id',
    headline: `What was said on day ${day}, in a headline of the usual length`,
    published_at: dateOf(day),
  };
  return { type: 'ReportPublished', id, data: content };
}

function claimOf(said: (claimant: string) => object, random: Random, day: number) {
  const text = `Words of a source on day ${day}, as short as a quotation should be kept.`;
  const words = said(random.of(claimants)) as { attribution: object };
  return {
    ...words,
    attribution: { ...words.attribution, quote: { text, language: 'id' } },
    occurred: { from: dateOf(day), date_precision: 1 },
    places: [{ place_id: random.of(places), relation: 'at' }],
  };
}

function propositionOf(random: Random): object {
  const dice = random.below(100);
  const value = random.below(1_000);
  const said = { value, qualifier: random.of(['exact', 'more_than', 'approximately']) };
  const counted = { ...said, unit: '{person}', measure: 'increment' };
  if (dice < 40) {
    const status = random.of(['controlled', 'contested']);
    return { kind: 'control', controller_id: random.of(sides), status, basis: 'claimed' };
  }
  if (dice < 65) {
    const period = { duration: 'PT24H', ends: 'asserted_at' };
    const outcome = random.of(['killed', 'wounded', 'captured']);
    const subject = { side_id: random.of(sides), category: 'military', outcome };
    return { kind: 'casualties', ...subject, quantity: { ...counted, period } };
  }
  if (dice < 90) {
    const [attacker_id, target_id] = random.of([sides, sides.toReversed()]) as [string, string];
    return { kind: 'attack', attacker_id, target_id, form: random.of(['strike', 'shelling']) };
  }
  if (dice < 96) {
    const quantity = { ...counted, unit: '{count}', measure: 'cumulative' };
    const equipment_class = random.of(['tank', 'artillery_system']);
    return { kind: 'equipment_losses', side_id: random.of(sides), equipment_class, quantity };
  }
  const quantity = { ...said, unit: 'km2', measure: 'cumulative' };
  return { kind: 'area_control', controller_id: random.of(sides), quantity };
}

function assessment(random: Random, id: string, said: object): Command {
  const verdict = random.of(['could_not_verify', 'corroborated', 'disputed', 'verified']);
  const evidence = [{ description: 'A picture, its place found by comparing roofs' }];
  const data = { ...said, assessor_id: random.of(assessors), verdict, method: 'geolocation' };
  return { type: 'ClaimAssessed', id, data: { ...data, evidence } };
}

function revision(value: number): object {
  const values = { from: value, to: value + 1 };
  return {
    cause: 'claimant_revised',
    field: '/proposition/quantity/value',
    ...values,
    reason: 'r',
  };
}

function chainOf(random: Random, report_id: string | undefined): object[] {
  const hop = { actor_id: random.of(outlets), role: 'publisher' };
  return [report_id === undefined ? hop : { ...hop, report_id }];
}

function dateOf(day: number): string {
  return new Date(Date.UTC(2022, 1, 24) + day * 86_400_000).toISOString().slice(0, 10);
}

// So that the bench itself holds no more of a longer log.
function forget(states: Map<string, unknown>, claims: { id: string }[], reports: string[]): void {
  if (claims.length > recentMax) {
    for (const { id } of claims.splice(0, recentMax / 2)) states.delete(`claim-${id}`);
  }
  if (reports.length > recentMax) {
    for (const id of reports.splice(0, recentMax / 2)) states.delete(`report-${id}`);
  }
}

type Random = { below(n: number): number; of<T>(all: readonly T[]): T };

// Numerical Recipes' linear congruential generator: the same sequence on every machine.
function randomFrom(seed: number): Random {
  let state = seed;
  const below = (n: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  return { below, of: <T>(all: readonly T[]) => all[below(all.length)] as T };
}
