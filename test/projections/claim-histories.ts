/** Histories of a few claims that have much to do with each other, decided by the domain. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { schemaVersionOf } from '../../src/domain/catalogue.ts';
import { type ClaimCommand, claim } from '../../src/domain/claim.ts';
import { foldOnto, Rejection } from '../../src/domain/decider.ts';
import { valueAt } from '../../src/domain/json-pointer.ts';
import type { RecordedEvent } from '../../src/eventstore/event-store.ts';

export const conflict_id = 'c1';
export const places = ['p1', 'p2'];
export const sides = {
  parties: ['ru', 'ua'],
  partOf: (id: string) => ({ 'ru-mod': 'ru', 'ua-army': 'ua' })[id],
};

const one = fc.constantFrom;
const actor = one('ru-mod', 'ua-army', 'isw');
const mention = (place_id: string, relation: string) => ({ place_id, relation });
const somePlaces = one(
  ...[[], [mention('p1', 'at')], [mention('p1', 'area_of')], [mention('p2', 'at')]],
  ...[[mention('p1', 'near')], [mention('p2', 'at'), mention('p1', 'at')]],
);
const moment = one(undefined, '2022-09-11', '2022-09-12', '2022-09-12T10:00:00Z');
const side = one('ru', 'ua');

const quantity = fc.record({
  value: one(100, 200, 300),
  qualifier: one('exact', 'more_than'),
  unit: fc.constant('{person}'),
  measure: one('increment', 'increment', 'cumulative', 'snapshot'),
  period: one(
    undefined,
    { duration: 'PT24H', ends: 'asserted_at' },
    { from: '2022-02-24', to: '2022-09-12' },
  ),
});
const proposition = fc.oneof(
  fc.record({
    kind: fc.constant('control'),
    controller_id: one('ru', 'ua', 'ua-army', null),
    status: one('controlled', 'controlled', 'contested', 'unknown'),
    basis: fc.constant('claimed'),
  }),
  fc.record({
    kind: fc.constant('casualties'),
    side_id: fc.constant('ua'),
    category: fc.constant('military'),
    outcome: one('killed', 'killed', 'wounded'),
    quantity,
  }),
  fc.record({
    kind: fc.constant('equipment_losses'),
    side_id: side,
    equipment_class: fc.constant('tank'),
    quantity,
  }),
  fc.record({ kind: fc.constant('area_control'), controller_id: side, quantity }),
  fc.record({ kind: fc.constant('settlements_taken'), by_id: side, quantity }),
  fc.constant({ kind: 'statement', text: 'more than since April' }),
);
const made = fc.record({
  asserted_at: moment,
  occurred: one(undefined, undefined, { from: '2022-09-10' }, { from: '2022-09-13' }),
  places: somePlaces,
  proposition,
});
const assessed = fc.record({
  assessor_id: one('afp', 'isw'),
  verdict: one('could_not_verify', 'corroborated', 'disputed', 'verified', 'refuted'),
  source_reliability: one('A', 'F'),
  evidence: one([], [{ description: 'an image' }]),
});
const corrected = fc
  .record({
    cause: fc.constant('extraction_error'),
    reason: fc.constant('misread'),
    ...{ content: made, value: one(100, 150), chain: one(['afp'], []) },
    field: one('/proposition/quantity/value', '/proposition', '/places', '/asserted_at', '/chain'),
  })
  .map(({ content, value, chain, field, ...how }) => {
    const to = {
      '/proposition/quantity/value': value,
      '/proposition': content.proposition,
      '/places': content.places,
      '/asserted_at': content.asserted_at,
      '/chain': chain.map((actor_id) => ({ actor_id, role: 'relay' })),
    }[field];
    return { ...how, field: field.replace('/chain', '/attribution/chain'), to };
  });
const someCommand = (ids: readonly string[]) => {
  const id = one(...ids);
  const linked = fc.record({
    relation: one('contradicts', 'corroborates', 'same_occurrence', 'same_occurrence'),
    other_claim_id: id,
  });
  const of = (type: ClaimCommand['type'], data: fc.Arbitrary<object>, weight: number) => {
    const attribution = fc.record({
      claimant_id: actor,
      chain: one([], [{ actor_id: 'afp', role: 'relay' }], [{ actor_id: 'isw', role: 'relay' }]),
    });
    return { arbitrary: fc.record({ type: fc.constant(type), id, data, attribution }), weight };
  };
  return fc.oneof(
    of('MakeClaim', made, 8),
    of('AssessClaim', assessed, 3),
    of('RepeatClaim', fc.constant({}), 1),
    of('CorrectClaim', corrected, 4),
    of('RetractClaim', fc.constant({ reason: 'withdrawn' }), 2),
    of('SupersedeClaim', fc.record({ by_claim_id: id }), 1),
    of('LinkClaim', linked, 4),
    of('UnlinkClaim', linked, 2),
  );
};

/** The log that such commands make, of a few claims, after the register that they need. */
export const someClaimsLog = claimsLog(8, 160);
/** The same of many claims, each with a shorter life: more of them stand, and disagree. */
export const manyClaimsLog = claimsLog(80, 280);

function claimsLog(claims: number, maxLength: number): fc.Arbitrary<RecordedEvent[]> {
  const ids = Array.from({ length: claims }, (_, i) => `k${i + 1}`);
  return fc.array(someCommand(ids), { minLength: maxLength / 2, maxLength }).map((sent) => {
    const log: RecordedEvent[] = [];
    const states = new Map(ids.map((id) => [id, claim.initialState]));
    const record = (stream: string, type: string, data: object) => {
      const version = 1 + log.filter((event) => event.stream === stream).length;
      log.push(recorded(log.length + 1, stream, version, type, data));
    };
    for (const id of ['ru', 'ua', 'ru-mod', 'ua-army', 'isw', 'afp']) {
      const part_of = sides.partOf(id);
      const body = { name: id, kind: 'state', ...(part_of !== undefined && { part_of }) };
      record(`actor-${id}`, 'ActorRegistered', { actor_id: id, ...body });
    }
    for (const id of places) {
      record(`place-${id}`, 'PlaceRegistered', { place_id: id, name: id });
    }
    const { parties } = sides;
    record('conflict-c1', 'ConflictRegistered', { conflict_id, name: 'A war', parties });
    for (const { type, id, data, attribution } of sent) {
      const state = states.get(id) ?? claim.initialState;
      const { other_claim_id, by_claim_id, field } = data as Record<string, string | undefined>;
      const other = other_claim_id ?? by_claim_id;
      // What a command points to is there: the service refuses it otherwise.
      if (other !== undefined && states.get(other)?.made === undefined) continue;
      const from = field === undefined ? undefined : valueAt(state.current ?? {}, field);
      const whole = JSON.parse(JSON.stringify({ conflict_id, attribution, ...data, from }));
      const decided = claim.decide({ type, id, data: whole } as never, state);
      if (decided instanceof Rejection) continue;
      states.set(id, foldOnto(claim, state, decided));
      for (const event of decided) record(`claim-${id}`, event.type, event.data);
    }
    return log;
  });
}

function recorded(
  position: number,
  stream: string,
  version: number,
  type: string,
  data: object,
): RecordedEvent {
  return {
    ...{ position, stream, version, type, data },
    id: randomUUID(),
    schema_version: schemaVersionOf(type as never),
    recorded_at: '2022-09-13T00:00:00Z',
    metadata: { correlation_id: 'c', recorded_by: 'test' },
  };
}
