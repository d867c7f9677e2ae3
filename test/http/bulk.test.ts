import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import t from 'tap';
import { cloudEventType } from '../../src/domain/catalogue.ts';
import { get, post, recordSeed, testService } from '../service.ts';

type Result = { line: number; status: string; event_ids?: string[]; problem?: object };
type Made = { proposition: { quantity: object } };
const batchType = 'application/cloudevents-batch+json';

const cloudEvent = (type: string, data: object, more: object = {}) => ({
  specversion: '1.0',
  id: randomUUID(),
  source: 'urn:test',
  type: `frontlog.${type}.v1`,
  data,
  ...more,
});
const actor = (actor_id: string, more: object = {}) =>
  cloudEvent('actor-registered', { actor_id, kind: 'state', name: actor_id, ...more });

/** POSTs lines, and answers the lines of the answer. */
async function send(url: string, lines: Iterable<string | Buffer>) {
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: Readable.toWeb(Readable.from(lines)) as never,
    duplex: 'half',
  } as RequestInit);
  const text = await response.text();
  const answers = text.trim().split('\n');
  return { status: response.status, lines: answers.map((line) => JSON.parse(line)) };
}
const asLine = (event: object) => `${JSON.stringify(event)}\n`;

t.test('a batch is decided in order, each event with a result of its own', async (t) => {
  const { url } = await testService(t);
  const events = [
    actor('ru'),
    cloudEvent('conflict-registered', { conflict_id: 'c1', name: 'C', parties: ['ru'] }),
    cloudEvent('conflict-registered', { conflict_id: 'c2', name: 'C', parties: ['nobody'] }),
    actor('ru'),
    actor('ru', { name: 'other' }),
    cloudEvent('actor-renamed', { actor_id: 'ru', name: 'Russia' }),
    cloudEvent('rumour-spread', {}),
    cloudEvent('actor-registered', { actor_id: 'x', kind: 'planet', name: 'x' }),
    { ...actor('y'), specversion: '0.3' },
  ];
  const answer = await post(`${url}/v1/events`, events, { 'content-type': batchType });
  t.equal(answer.status, 200);
  t.match(answer.body, {
    lines: 9,
    recorded: 3,
    known: 1,
    refused: 5,
    items: [
      { line: 1, status: 'recorded', stream: 'actor-ru', version: 1, position: 1 },
      { status: 'recorded', stream: 'conflict-c1', version: 1 },
      { status: 'refused', problem: { status: 422, errors: [{ pointer: '/data/parties/0' }] } },
      { status: 'known', stream: 'actor-ru', version: 1, event_ids: [] },
      { status: 'refused', problem: { code: 'registered-otherwise' } },
      { status: 'recorded', stream: 'actor-ru', version: 2 },
      { status: 'refused', problem: { errors: [{ pointer: '/type' }] } },
      { status: 'refused', problem: { errors: [{ pointer: '/data/kind' }] } },
      { status: 'refused', problem: { errors: [{ pointer: '/specversion' }] } },
    ],
  });
  const again = await post(`${url}/v1/events`, events, { 'content-type': batchType });
  t.match(again.body, { recorded: 0, known: 4, refused: 5 }, 'sent again, nothing is recorded');
});

t.test('what the log gives out it takes back: same ids, same views', async (t) => {
  const one = await testService(t);
  const other = await testService(t);
  const last = await recordSeed(one.url);
  type Recorded = { id: string; type: string; schema_version: number; data: object };
  const read = async (url: string) =>
    (await get<{ items: Recorded[] }>(`${url}/v1/events?limit=1000`)).body.items;
  const events = await read(one.url);
  const lines = events.map(({ id, type, schema_version, data }) => ({
    specversion: '1.0',
    id,
    source: 'urn:frontlog:one',
    type: cloudEventType(type, schema_version),
    data,
  }));
  const { lines: answers } = await send(other.url, lines.map(asLine));
  t.strictSame(answers.at(-1), {
    summary: { lines: last, recorded: last, known: 0, refused: 0 },
  });
  const copies = await read(other.url);
  const facts = (all: Recorded[]) => all.map(({ id, type, data }) => ({ id, type, data }));
  t.strictSame(
    facts(copies).sort((a, b) => a.id.localeCompare(b.id)),
    facts(events).sort((a, b) => a.id.localeCompare(b.id)),
  );
  const { lines: second } = await send(other.url, lines.map(asLine));
  t.match(second.at(-1), { summary: { recorded: 0, known: last } });
});

t.test('bounds that do not follow are refused, an old shape is lifted', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const path = `${url}/v1/streams/claim-ru-mod-2022-09-12-killed`;
  const { body } = await get<{ items: { data: Made }[] }>(path);
  const made = body.items[0]?.data as Made;
  const quantity = { ...made.proposition.quantity, low: 300 };
  const wrong = { ...made, claim_id: 'k', proposition: { ...made.proposition, quantity } };
  const said = {
    conflict_id: 'russia-ukraine-2022',
    attribution: { claimant_id: 'afp', chain: [] },
  };
  const assessed = {
    claim_id: 'ru-mod-2022-09-12-killed',
    ...said,
    assessor_id: 'cnn',
    verdict: 'disputed',
  };
  const { lines } = await send(url, [
    asLine(cloudEvent('claim-made', wrong)),
    asLine(cloudEvent('claim-assessed', { ...assessed, evidence: ['a photograph'] })),
    asLine(cloudEvent('claim-assessed', { ...assessed, evidence: 'a photograph' })),
  ]);
  t.match(lines, [
    { status: 'refused', problem: { errors: [{ pointer: '/data/proposition/quantity' }] } },
    { status: 'recorded' },
    { status: 'refused', problem: { status: 400 } },
  ]);
});

// Red without the look-up of event ids: the start would be refused after the conclusion.
t.test('what was recorded is known by its id, whatever was recorded since', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const said = {
    negotiation_id: 'n',
    conflict_id: 'russia-ukraine-2022',
    attribution: { claimant_id: 'afp', chain: [] },
  };
  const parties = { party_id: 'ru', counterpart_id: 'ua' };
  const lines = [
    cloudEvent('negotiation-accepted', { ...said, ...parties }),
    cloudEvent('negotiation-started', said),
    cloudEvent('negotiation-concluded', { ...said, outcome: 'unknown' }),
  ].map(asLine);
  t.match((await send(url, lines)).lines.at(-1), { summary: { recorded: 3 } });
  const again = await send(url, lines.slice(1));
  t.match(again.lines.at(-1), { summary: { known: 2, refused: 0 } });
});

// Red without the map of what is pending: the whole batch fails as no append.
t.test('of two lines with one id and other content the second is refused', async (t) => {
  const { url } = await testService(t);
  const first = actor('a');
  const { lines } = await send(url, [
    asLine(first),
    asLine({ ...actor('b'), id: first.id }),
    asLine({ ...cloudEvent('actor-renamed', { actor_id: 'a', name: 'A' }), id: first.id }),
    asLine(first),
  ]);
  t.match(lines, [
    { status: 'recorded' },
    { status: 'refused', problem: { status: 409, code: 'event-id-taken' } },
    { status: 'refused', problem: { code: 'event-id-taken' } },
    { status: 'known' },
    { summary: { lines: 4 } },
  ]);
});

// Red where what is pending is decided again: two events of one append have the same id.
t.test('a line that comes again after another of its stream is known', async (t) => {
  const { url } = await testService(t);
  const renamed = (name: string) => cloudEvent('actor-renamed', { actor_id: 'x2', name });
  const first = renamed('N1');
  const { lines } = await send(url, [actor('x2'), first, renamed('N2'), first].map(asLine));
  t.match(lines, [
    { status: 'recorded', version: 1 },
    { status: 'recorded', version: 2 },
    { status: 'recorded', version: 3 },
    { status: 'known', version: 2, event_ids: [] },
    { summary: { lines: 4, recorded: 3, known: 1 } },
  ]);
});

// Red where only stream and data are compared: the second is taken for the first.
t.test('an event of the same id and data is another where its type is', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const linked = {
    claim_id: 'ru-mod-2022-09-12-killed',
    conflict_id: 'russia-ukraine-2022',
    attribution: { claimant_id: 'afp', chain: [] },
    relation: 'contradicts',
    other_claim_id: 'ru-mod-2022-09-12-wounded',
  };
  const link = cloudEvent('claim-linked', linked);
  const unlink = { ...cloudEvent('claim-unlinked', linked), id: link.id };
  t.match((await send(url, [asLine(link)])).lines, [{ status: 'recorded' }, {}]);
  t.match((await send(url, [asLine(unlink), asLine(link)])).lines, [
    { status: 'refused', problem: { status: 409, code: 'event-id-taken' } },
    { status: 'known' },
    {},
  ]);
});

// Red where its append fails the stream: those beside it are recorded, and not told of.
t.test('an event over its limit is refused by its line, and all that names it', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const said = {
    conflict_id: 'russia-ukraine-2022',
    attribution: { claimant_id: 'afp', chain: [] },
  };
  const made = (claim_id: string, more: object = {}) => {
    const proposition = { kind: 'statement', text: claim_id };
    return cloudEvent('claim-made', { claim_id, ...said, proposition, ...more });
  };
  const text = 'x'.repeat(4_000);
  const external_codes = Array.from({ length: 50 }, () => ({
    scheme: text,
    code: text,
    version: text,
  }));
  const linked = { ...said, claim_id: 'l2', relation: 'contradicts', other_claim_id: 'large' };
  const { lines } = await send(url, [
    asLine(made('l1')),
    asLine(made('large', { external_codes })),
    asLine(made('l2')),
    asLine(cloudEvent('claim-linked', linked)),
  ]);
  t.match(lines, [
    { line: 1, status: 'recorded' },
    { line: 2, status: 'refused', problem: { status: 413, code: 'too-large' } },
    { line: 3, status: 'recorded' },
    { line: 4, status: 'refused', problem: { code: 'reference-unknown' } },
    { summary: { lines: 4, recorded: 2, refused: 2 } },
  ]);
});

// Red where the id of a force is not looked at as what the event names.
t.test('a force is of an actor that is registered, if only just', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const withdrew = (actor_id: string) =>
    cloudEvent('troops-withdrew', {
      actor_id,
      conflict_id: 'russia-ukraine-2022',
      attribution: { claimant_id: 'afp', chain: [] },
      from: ['iso:UA-63'],
      basis: 'claimed',
    });
  const { lines } = await send(
    url,
    [actor('new'), withdrew('new'), withdrew('nobody')].map(asLine),
  );
  t.match(lines, [
    { status: 'recorded', stream: 'actor-new' },
    { status: 'recorded', stream: 'force-new' },
    { status: 'refused', problem: { status: 422, errors: [{ pointer: '/data/actor_id' }] } },
    {},
  ]);
});

t.test('events come as a batch or as lines, and as nothing else', async (t) => {
  const { url } = await testService(t);
  t.match(await post(`${url}/v1/events`, [actor('ru')]), { status: 415 });
  const response = await fetch(`${url}/v1/events`, { method: 'POST' });
  t.equal(response.status, 415);
  const notMany = await post(`${url}/v1/events`, actor('ru'), { 'content-type': batchType });
  t.match(notMany, { status: 400 });
});

// Red where a line's fault is told without its place.
t.test('lines: bad ones are refused by number, the others are recorded', async (t) => {
  const { url } = await testService(t);
  const { status, lines } = await send(url, [
    asLine(actor('a1')),
    '{"specversion":\n',
    '\r\n',
    `${JSON.stringify(actor('a2'))}\r\n`,
    asLine(actor('a3')),
    JSON.stringify(actor('a4')).replace('"name"', '"name":"B","name"'),
  ]);
  t.equal(status, 200);
  t.match(lines, [
    { line: 1, status: 'recorded' },
    { line: 2, status: 'refused', problem: { code: 'malformed' } },
    { line: 4, status: 'recorded' },
    { line: 5, status: 'recorded' },
    { line: 6, problem: { code: 'malformed', errors: [{ pointer: '/data/name' }] } },
    { summary: { lines: 5, recorded: 3, known: 0, refused: 2 } },
  ]);
});

t.test('a stream that cannot go on says after what it stopped', async (t) => {
  const { url } = await testService(t);
  const first = Array.from({ length: 600 }, (_, i) => asLine(actor(`s${i}`)));
  const { lines: long } = await send(url, [...first, 'x'.repeat(2 * 1024 * 1024)]);
  t.match(long.at(-1), { stopped_after: { recorded: 500 }, problem: { status: 413 } });
  const { lines: bytes } = await send(url, [...first, Buffer.from([0x22, 0xff, 0x22, 0x0a])]);
  t.match(bytes.at(-1), { stopped_after: {}, problem: { status: 400 } });
});

t.test('another process may write the same streams: all is recorded once', async (t) => {
  const one = await testService(t);
  const other = await testService(t, { like: one });
  const events = Array.from({ length: 400 }, (_, i) => asLine(actor(`a${i % 40}`, {})));
  const renamed = Array.from({ length: 400 }, (_, i) =>
    asLine(cloudEvent('actor-renamed', { actor_id: `a${i % 40}`, name: `n${i}` })),
  );
  const answers = await Promise.all([
    send(one.url, [...events, ...renamed]),
    send(other.url, [...events, ...renamed]),
  ]);
  for (const { lines } of answers) {
    t.match(lines.at(-1), { summary: { lines: 800, refused: 0 } });
  }
  const recorded = answers.flatMap(({ lines }) =>
    (lines as Result[]).flatMap(({ event_ids = [] }) => event_ids),
  );
  t.equal(new Set(recorded).size, recorded.length, 'no event is claimed twice');
  const { body } = await get<{ items: { version: number; stream: string }[] }>(
    `${one.url}/v1/events?limit=1000`,
  );
  t.equal(body.items.length, recorded.length);
});
