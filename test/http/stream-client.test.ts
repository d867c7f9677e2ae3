/** What one client of a stream is sent, over a connection of its own. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { streamClient, streamLimits } from '../../src/http/stream-client.ts';

// Seen to fail without the comparison of positions in `send`.
t.test('a client that is further on gets of a page what it has not', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const asked = once(server, 'request') as Promise<[unknown, ServerResponse]>;
  const { port } = server.address() as AddressInfo;
  const answer = fetch(`http://127.0.0.1:${port}/`);
  const [, raw] = await asked;
  const client = streamClient(raw, streamLimits, () => undefined);
  const item = (position: number) => ({ position, data: { position } });
  const page = (positions: number[]) => ({
    items: positions.map(item),
    through: positions.at(-1) as number,
    isLast: true,
    isBehind: false,
  });
  client.position = 3;
  client.send(page([2, 3, 4]));
  client.send(page([1, 2]));
  client.send(page([4, 5]));
  client.send(page([6, 7]), ({ position }) => position !== 6);
  t.equal(client.position, 7, 'also past what is not wanted');
  while (raw.writableLength > 0) await nextTurn();
  client.end();
  const ids = [...(await (await answer).text()).matchAll(/^id: (\d+)$/gm)].map(([, id]) => id);
  t.strictSame(ids, ['4', '5', '7']);
});
