import t from 'tap';
import { keyOf, messageBytes, toCloudEvent, toMessage } from '../../src/relay/message.ts';

const event = {
  position: 7,
  id: '0199a000-0000-7000-8000-000000000000',
  stream: 'claim-k1',
  version: 2,
  type: 'ClaimAssessed',
  schema_version: 1,
  recorded_at: '2022-09-12T12:39:00.123456Z',
  data: { claim_id: 'k1', conflict_id: 'c1' },
  metadata: { correlation_id: 'r1', recorded_by: 'test' },
};

t.test('an event is a CloudEvent in binary mode, its value the data', async (t) => {
  const { key, value, headers } = toMessage(event, 'log-1');
  t.equal(key, 'c1');
  t.equal(value, '{"claim_id":"k1","conflict_id":"c1"}');
  t.match(headers, {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_type: 'frontlog.claim-assessed.v1',
    ce_subject: 'claim-k1',
    ce_time: event.recorded_at,
    ce_partitionkey: 'c1',
    ce_position: '7',
    ce_streamversion: '2',
    ce_logid: 'log-1',
    ce_correlationid: 'r1',
  });
  t.notOk('ce_causationid' in (headers ?? {}));
});

t.test('binary and structured mode say the same', async (t) => {
  const metadata = { ...event.metadata, causation_id: 'e0', traceparent: '00-1-2-01' };
  const { headers = {} } = toMessage({ ...event, metadata }, 'log-1');
  const { data, datacontenttype, ...attributes } = toCloudEvent({ ...event, metadata }, 'log-1');
  t.equal(datacontenttype, headers['content-type']);
  t.strictSame(data, event.data);
  for (const [name, value] of Object.entries(attributes)) {
    t.equal(headers[`ce_${name}`], String(value), name);
  }
  const named = Object.keys(headers).filter((name) => name.startsWith('ce_'));
  t.strictSame(named.length, Object.keys(attributes).length + 1, 'and who recorded it');
});

t.test('what belongs to no conflict is keyed by its stream', async (t) => {
  t.equal(keyOf({ stream: 'actor-ru', data: {} }), 'actor-ru');
});

t.test('bytes are counted, not characters', async (t) => {
  t.ok(messageBytes({ key: 'k', value: 'є'.repeat(100) }) > 200);
});
