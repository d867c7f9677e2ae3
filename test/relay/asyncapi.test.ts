/** The document of the topics: current, valid, and no break for those who read by an older one. */
import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';
import { type CloudEvent, Kafka } from 'cloudevents';
import t from 'tap';
import { cloudEventType, isEventType, schemaVersionOf } from '../../src/domain/catalogue.ts';
import { asyncapi } from '../../src/relay/asyncapi.ts';
import { toMessage } from '../../src/relay/message.ts';
import { get, testService } from '../service.ts';
import { breaks, payloadsOf, type Schema } from './compatibility.ts';

const document = JSON.parse(JSON.stringify(asyncapi()));
const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

t.test('the committed document is what the catalogue makes: else `npm run openapi`', async (t) => {
  t.strictSame(JSON.parse(await read('openapi/asyncapi.json')), document);
});

t.test('the document is valid AsyncAPI 3', async (t) => {
  const found = await new Parser().validate(document);
  t.strictSame(
    // Whether there is a later version of AsyncAPI is no fault.
    found
      .filter(({ code }) => code !== 'asyncapi-latest-version')
      .map(({ code, message, path }) => [code, message, path.join('/')]),
    [],
  );
});

// With a release, its document is copied to asyncapi.released.json. Seen to fail with a member of an
// event renamed.
t.test('who reads by the document of the last release can go on', async (t) => {
  const released = JSON.parse(await read('openapi/asyncapi.released.json'));
  t.strictSame(breaks(payloadsOf(released), payloadsOf(document)), []);
});

t.test('a break is told, an addition is none', async (t) => {
  const old: Schema = {
    type: 'object',
    required: ['a'],
    properties: { a: { type: 'string' }, b: { enum: ['x', 'y'] }, c: { type: 'integer' } },
  };
  const told = (change: (copy: Required<Schema>) => void) => {
    const copy = structuredClone(old) as Required<Schema>;
    change(copy);
    return breaks(new Map([['e.v1', old]]), new Map([['e.v1', copy]]));
  };
  const member = (name: string, schema: Schema) => (copy: Required<Schema>) => {
    copy.properties[name] = schema;
  };
  const gone = ({ properties }: Required<Schema>) => void delete properties.c;
  const required = (names: string[]) => (copy: Required<Schema>) => {
    copy.required = names;
  };
  t.strictSame(told(member('d', { type: 'string' })), []);
  t.strictSame(told(member('b', { enum: ['x', 'y', 'z'] })), []);
  t.match(told(gone), [/e\.v1\/c is gone/]);
  t.match(told(member('c', { type: 'string' })), [/e\.v1\/c .*string/]);
  t.match(told(member('b', { enum: ['x'] })), [/no longer .*y/]);
  t.match(told(required(['a', 'b'])), [/b is required now/]);
  t.match(told(required([])), [/a is no longer required/]);
  t.strictSame(breaks(new Map([['e.v1', old]]), new Map()), ['e.v1 is gone']);
});

t.test('every event of the history is a CloudEvent to its own SDK', async (t) => {
  const history = JSON.parse(await read('test/domain/history.json'));
  for (const { type, schema_version, data } of history) {
    const message = toMessage(
      {
        ...{ type, schema_version, data, position: 7, version: 2, stream: 'claim-k1' },
        id: '0199a000-0000-7000-8000-000000000000',
        recorded_at: '2022-09-12T12:39:00.123456Z',
        metadata: { correlation_id: 'r1', recorded_by: 'test' },
      },
      '0199a000-0000-4000-8000-000000000000',
    );
    const one = Kafka.toEvent(message as never) as CloudEvent<object>;
    t.ok(one.validate());
    t.equal(one.type, cloudEventType(type, schema_version));
    t.equal(one.subject, 'claim-k1');
    t.equal(one.partitionkey, message.key);
    t.equal(one.position, '7');
    t.strictSame(one.data, data);
  }
});

t.test('each type and version of the history has a message in the document', async (t) => {
  const names = Object.keys(document.components.messages);
  for (const { type, schema_version } of JSON.parse(await read('test/domain/history.json'))) {
    t.ok(names.includes(cloudEventType(type, schema_version)));
    t.ok(isEventType(type) && schema_version <= schemaVersionOf(type));
  }
});

t.test('the service answers with it at /asyncapi.json', async (t) => {
  const { url } = await testService(t);
  const response = await fetch(`${url}/asyncapi.json`);
  t.equal(response.status, 200);
  t.match(response.headers.get('content-type'), /^application\/json/);
  t.strictSame(await response.json(), document);
  t.equal((await get(`${url}/readyz`)).status, 200);
});
