/** Every route that writes: its example is recorded as its event, and then it is so already. */
import t from 'tap';
import { acts } from '../../src/domain/acts.ts';
import { eventTypes } from '../../src/domain/catalogue.ts';
import { claimRoutes } from '../../src/http/claims.ts';
import type { CommandRoute } from '../../src/http/commands.ts';
import { movementRoutes } from '../../src/http/movements.ts';
import { registryRoutes } from '../../src/http/registry.ts';
import { talkRoutes } from '../../src/http/talks.ts';
import { get, post, recordSeed, testService } from '../service.ts';

const routes = [...registryRoutes, ...claimRoutes, ...movementRoutes, ...talkRoutes];

// What the examples point to beyond the seed report, and what must be so before their turn.
const before: readonly [string, object][] = [
  ['/v1/actors', { id: 'tr', name: 'Türkiye', kind: 'state' }],
  ['/v1/actors', { id: 'a1', name: 'An actor', kind: 'agency' }],
  ['/v1/places', { id: 'p1', name: 'A place' }],
];
const instances: Record<string, string> = {
  ActorRenamed: 'a1',
  PlaceAliasAdded: 'p1',
  ReportCorrected: 'r1',
  ReportRetracted: 'r1',
  TroopsDeployed: 'ru',
  TroopsWithdrew: 'ru',
  TroopsAdvanced: 'ru',
};

t.test('every event type has a route', async (t) => {
  t.strictSame(routes.map(({ event }) => event).sort(), eventTypes.toSorted());
});

t.test('every example is recorded once, by its event', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  for (const [path, body] of before) t.equal((await post(url + path, body)).status, 201);
  const report = exampleOf('ReportPublished');
  await post(`${url}/v1/reports`, { ...report, id: 'r1' });
  const claim = exampleOf('ClaimMade');
  for (const id of ['k1', 'ru-mod-2022-09-13-killed']) {
    await post(`${url}/v1/claims`, { ...claim, id });
  }

  for (const route of inOrder(routes)) {
    const path = route.url.replace(':id', instanceOf(route));
    const first = await post(url + path, bodyOf(route));
    t.equal(first.status, 201, `${path}: ${JSON.stringify(first.body)}`);
    const { position, stream, version } = first.body as Record<string, unknown>;
    const { body } = await get<{ items: { type: string; stream: string }[] }>(
      `${url}/v1/events?after=${(position as number) - 1}&limit=1`,
    );
    t.match(body.items, [{ type: route.event, stream, version }], path);
    t.equal(first.headers.get('etag'), `"${version}"`);

    const again = await post(url + path, bodyOf(route));
    t.match(again, { status: 200, body: { stream, version, event_ids: [] } }, `${path} again`);

    const unknown = await post(url + path, { ...bodyOf(route), extra: 1 });
    t.match(unknown, { status: 400, body: { errors: [{ pointer: '/extra' }] } }, path);
    const nothing = await post(url + path, {});
    t.match(String(nothing.status), /^4(00|22)$/, path);
  }
});

t.test('what an act is done to must be there, and an act keeps its rules', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const refusals: [string, string, number, string][] = [
    ['ActorRenamed', 'none', 404, 'actor-unknown'],
    ['PlaceAliasAdded', 'none', 404, 'place-unknown'],
    ['ReportCorrected', 'none', 404, 'report-unknown'],
    ['ReportRetracted', 'none', 404, 'report-unknown'],
    ['ClaimAssessed', 'none', 404, 'claim-unknown'],
    ['ClaimRepeated', 'none', 404, 'claim-unknown'],
    ['ClaimCorrected', 'none', 404, 'claim-unknown'],
    ['ClaimRetracted', 'none', 404, 'claim-unknown'],
    ['ClaimCorrected', 'ru-mod-2022-09-12-wounded', 409, 'not-the-current-value'],
    ['NegotiationStarted', 'none', 409, 'negotiation-not-accepted'],
    ['NegotiationSuspended', 'none', 409, 'negotiation-not-ongoing'],
    ['NegotiationResumed', 'none', 409, 'negotiation-not-suspended'],
    ['NegotiationConcluded', 'none', 409, 'negotiation-not-ongoing'],
    ['CeasefireViolated', 'none', 404, 'agreement-unknown'],
    ['CeasefireEnded', 'none', 404, 'agreement-unknown'],
  ];
  const { body: head } = await get<{ items: unknown[] }>(`${url}/v1/events?limit=1000`);
  await post(`${url}/v1/actors`, { id: 'tr', name: 'Türkiye', kind: 'state' });
  for (const [event, id, status, code] of refusals) {
    const route = routes.find((one) => one.event === event) as CommandRoute;
    const answer = await post(url + route.url.replace(':id', id), bodyOf(route));
    t.match(answer, { status, body: { code } }, `${event} of ${id}`);
  }
  const { body: after } = await get<{ items: unknown[] }>(`${url}/v1/events?limit=1000`);
  t.equal(after.items.length, head.items.length + 1, 'a refusal stores nothing');
});

// Retractions and ends come last, for nothing follows them; so do rejections, for no start does.
function inOrder(table: readonly CommandRoute[]): CommandRoute[] {
  const isFinal = ({ event }: CommandRoute) => /Retracted|Ended|Rejected/.test(event);
  return [...table.filter((one) => !isFinal(one)), ...table.filter(isFinal)];
}

function instanceOf({ event, example }: CommandRoute): string {
  const category = acts[event].decider.category;
  const ids: Record<string, string> = { claim: 'k1', negotiation: 'n1', operation: 'o1' };
  const { id } = bodyOf({ event, example } as CommandRoute) as { id?: string };
  return id ?? instances[event] ?? ids[category] ?? 'ceasefire-1';
}

function bodyOf({ event, example }: CommandRoute): object {
  // The seed has these, with other content.
  if (event === 'ConflictRegistered') return { ...example, id: 'c1' };
  if (event === 'ActorRegistered') return { ...example, id: 'a2' };
  if (event === 'PlaceRegistered') return { ...example, id: 'p2' };
  if (event === 'ReportPublished') return { ...example, id: 'r2' };
  if (event === 'ReportCorrected') return { ...example, headline: 'H' };
  if (event === 'ClaimMade') return { ...example, id: 'k2' };
  if (event === 'OperationDeclared') return { ...example, id: 'o1' };
  return example;
}

function exampleOf(event: string): object {
  return (routes.find((route) => route.event === event) as CommandRoute).example;
}
