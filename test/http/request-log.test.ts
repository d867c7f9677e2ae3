/** A request's own logger: the same lines as ever, and none made where there are none. */

import Fastify, { type FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import t from 'tap';
import { useLateLoggers } from '../../src/http/request-log.ts';

function logged(level: string) {
  const lines: Record<string, unknown>[] = [];
  let made = 0;
  const write = (line: string) => void lines.push(JSON.parse(line));
  const logger: FastifyBaseLogger = pino(
    { level, base: { of: 'base' }, onChild: () => (made += 1) },
    { write },
  );
  const app = Fastify({ loggerInstance: logger, genReqId: ({ headers }) => String(headers.id) });
  useLateLoggers(app);
  const before = made;
  return { app, lines, made: () => made - before };
}

// Seen to fail without `useLateLoggers`, with a logger made for a line that is not written, with
// one made for each line, and with `level` asked for when the request begins.
t.test('it is made once, by the first line that is written', async (t) => {
  const { app, lines, made } = logged('error');
  app.get('/', async ({ log }) => {
    log.info('not written');
    t.equal(log.level, app.log.level);
  });
  app.get('/twice', async ({ log }) => {
    log.error({ a: 1 }, 'first');
    log.fatal('second of %s', 'two');
  });
  await app.inject('/');
  t.equal(made(), 0);
  t.strictSame(lines, []);
  await app.inject({ url: '/twice', headers: { id: 'i1' } });
  t.equal(made(), 1);
  t.match(lines, [
    { level: 50, of: 'base', reqId: 'i1', a: 1, msg: 'first' },
    { level: 60, of: 'base', reqId: 'i1', msg: 'second of two' },
  ]);
  lines.length = 0;
  app.log.level = 'info';
  await app.inject({ url: '/', headers: { id: 'i2' } });
  t.match(
    lines.map(({ reqId, msg }) => [reqId, msg]),
    [
      ['i2', 'incoming request'],
      ['i2', 'not written'],
      ['i2', 'request completed'],
    ],
  );
  await app.close();
});

// Seen to fail without the two exceptions.
t.test('children of it, and a level of its own, are as they were', async (t) => {
  const { app, lines } = logged('error');
  app.get('/child', async ({ log }) => {
    const child = log.child({ part: 'b' });
    child.child({ piece: 'c' }).error('said');
  });
  app.get('/own', { logLevel: 'info' }, async ({ log }) => log.info('told'));
  await app.inject({ url: '/child', headers: { id: 'i1' } });
  await app.inject({ url: '/own', headers: { id: 'i2' } });
  t.match(lines[0], { reqId: 'i1', part: 'b', piece: 'c', msg: 'said' });
  t.match(lines.map(({ reqId, msg }) => [reqId, msg]).slice(1), [
    ['i2', 'incoming request'],
    ['i2', 'told'],
    ['i2', 'request completed'],
  ]);
  await app.close();
});
