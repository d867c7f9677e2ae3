/** A pipelined connection: answers in order, and a server that stands still is given up. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { isConnectionError } from '../src/db.ts';
import { openPipeline } from '../src/pipeline.ts';
import { freshDatabase } from './db.ts';

t.test('statements are answered each, also those behind one that fails', async (t) => {
  const { url } = await freshDatabase(t);
  const pipeline = await openPipeline(url);
  const answers = await Promise.allSettled([
    pipeline.query({ text: 'select 1 as one' }),
    pipeline.query({ text: 'select 1/0' }),
    pipeline.query({ text: 'select $1::integer', values: [3], rowMode: 'array' }),
  ]);
  t.match(answers, [
    { value: [{ one: 1 }] },
    { status: 'rejected', reason: { code: '22012' } },
    { value: [[3]] },
  ]);
  await pipeline.close();
});

// Seen to fail without the timeout, and with one that is heard once: it is answered; without
// `underWay`: it is lost while idle.
t.test('standing still ends it with an answer under way, and not else', async (t) => {
  const { url } = await freshDatabase(t);
  const silenceMaxMs = 300;
  const pipeline = await openPipeline(url, silenceMaxMs);
  const lost: Error[] = [];
  pipeline.onLost((error) => lost.push(error));
  await sleep(3 * silenceMaxMs);
  t.strictSame(await pipeline.query({ text: 'select 1 as one' }), [{ one: 1 }]);
  t.strictSame(lost, []);
  const [slow, behind] = await Promise.allSettled([
    pipeline.query({ text: 'select pg_sleep(3)' }),
    pipeline.query({ text: 'select 1' }),
  ]);
  for (const answer of [slow, behind]) {
    t.ok(answer.status === 'rejected' && isConnectionError(answer.reason));
  }
  t.equal(lost.length, 1);
  await pipeline.close();
});
