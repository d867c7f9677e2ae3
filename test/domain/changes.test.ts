/** What each event changes, for clients that keep a copy. */
import { readFile } from 'node:fs/promises';
import t from 'tap';
import { type EventType, eventTypes, upcast } from '../../src/domain/catalogue.ts';
import { changeKinds, changeOf, entityKinds } from '../../src/domain/changes.ts';

type Past = { type: EventType; schema_version: number; data: Record<string, unknown> };
const past: Past[] = JSON.parse(await readFile(new URL('history.json', import.meta.url), 'utf8'));

const change = (type: EventType, stream: string, version: number, data: object = {}) =>
  changeOf({ type, stream, version, data, id: 'e1' });

t.test('every event of every shape changes one entity', async (t) => {
  const seen = new Set<string>();
  for (const { type, data } of past.map(upcast)) {
    const { entity, change: kind, conflict_id } = change(type, 'claim-x', 2, data);
    t.ok(entityKinds.includes(entity.kind));
    t.ok(changeKinds.includes(kind));
    t.equal(conflict_id, data.conflict_id ?? null, type);
    seen.add(type);
  }
  t.equal(seen.size, eventTypes.length);
});

t.test('the first event of a stream creates its entity, whatever it says', async (t) => {
  t.match(change('OperationGoalReaffirmed', 'operation-o', 1), { change: 'created' });
  t.match(change('OperationGoalReaffirmed', 'operation-o', 2), { change: 'changed' });
  t.match(change('CeasefireAgreed', 'agreement-a-1', 1), {
    entity: { kind: 'agreement', id: 'a-1' },
    change: 'created',
  });
  t.match(change('CeasefireEnded', 'agreement-a-1', 2, { stated_reason: 'broken' }), {
    change: 'ended',
    reason: 'broken',
  });
  t.match(change('TroopsWithdrew', 'force-ru', 7), {
    entity: { kind: 'movement', id: 'e1' },
    change: 'created',
  });
});

t.test('a correction says why and where, a link what it links to', async (t) => {
  const attribution = { claimant_id: 'desk', chain: [] };
  const corrected = { cause: 'extraction_error', field: '/proposition', reason: 'misread' };
  t.match(change('ClaimCorrected', 'claim-k', 2, { attribution, ...corrected }), {
    entity: { kind: 'claim', id: 'k' },
    change: 'corrected',
    ...corrected,
    claimant_id: 'desk',
    also: [],
  });
  t.match(change('ClaimSuperseded', 'claim-k', 2, { attribution, by_claim_id: 'l' }), {
    change: 'superseded',
    also: [{ kind: 'claim', id: 'l' }],
  });
  t.match(change('ClaimLinked', 'claim-k', 2, { attribution, other_claim_id: 'l' }), {
    change: 'linked',
    also: [{ kind: 'claim', id: 'l' }],
  });
  t.match(change('ActorRenamed', 'actor-a', 2), { change: 'renamed', claimant_id: null });
  t.match(change('ReportRetracted', 'report-r', 2, { reason: 'withdrawn' }), {
    change: 'retracted',
    cause: null,
    reason: 'withdrawn',
  });
});
