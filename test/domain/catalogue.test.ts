import { readFile } from 'node:fs/promises';
import t from 'tap';
import { Check } from 'typebox/value';
import { catalogue, cloudEventType, type EventType } from '../../src/domain/catalogue.ts';
import { summaryOf } from '../../src/domain/summary.ts';

type Past = { type: EventType; schema_version: number; data: object };
const history: Past[] = JSON.parse(
  await readFile(new URL('history.json', import.meta.url), 'utf8'),
);

t.test('every event type has a history, and today reads it', async (t) => {
  const types = new Set(history.map(({ type }) => type));
  t.same([...types].sort(), Object.keys(catalogue).sort());
  for (const { type, data } of history) t.ok(Check(catalogue[type], data), type);
});

t.test('every event has a sentence, with names where they are known', async (t) => {
  for (const { type, data } of history) {
    const text = summaryOf(type, data as never, (_category, id) => `«${id}»`);
    t.match(text, /^.{10,}\.$/, type);
    t.notMatch(text, /undefined|null|\[object/, type);
  }
});

t.test('CloudEvents types are kebab-case with a version', async (t) => {
  t.equal(cloudEventType('ClaimMade', 1), 'frontlog.claim-made.v1');
  t.equal(cloudEventType('OperationGoalReaffirmed', 2), 'frontlog.operation-goal-reaffirmed.v2');
});
