/**
 * The store of the bench `http`, in a process of its own as a server is: `POST /?callers=N&ms=N`
 * with an event's data has it appended for so long, by so many callers who each wait for their
 * answer, and answers what that took. `DATABASE_URL` says where.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { v7 as uuidv7 } from 'uuid';
import { keepCompiledCode } from '../src/cli/memory.ts';
import { closedLoop, type Figure } from './measure.ts';
import { metadata } from './payload.ts';
import { frontlog } from './stores.ts';

keepCompiledCode();
const { store } = await frontlog(process.env.DATABASE_URL as string);

async function measure(request: IncomingMessage): Promise<Figure> {
  const { searchParams } = new URL(request.url as string, 'http://localhost');
  const data = (await json(request)) as object;
  // The same claim under another id each time.
  const append = () => {
    const [id, claim_id] = [uuidv7(), uuidv7()];
    const event = { id, type: 'ClaimMade', schema_version: 1, metadata };
    const events = [{ ...event, data: { ...data, claim_id } }];
    return store.append({ stream: `claim-${claim_id}`, expectedVersion: 0, events });
  };
  const [callers, ms] = ['callers', 'ms'].map((name) => Number(searchParams.get(name)));
  return closedLoop(append, { callers: callers as number, ms: ms as number });
}

const server = createServer((request, response) => {
  measure(request).then(
    (figure) => response.end(JSON.stringify(figure)),
    (error) => response.writeHead(500).end(String(error)),
  );
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`http://127.0.0.1:${port}\n`);
});
