/** A TCP proxy on loopback that can cut, hold back and refuse: for tests of a lost connection. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Test } from './db.ts';

export type FaultProxy = {
  /** The URL with this proxy's host and port. */
  readonly url: string;
  /** What the server says is held back from now on; what the clients say goes through. */
  holdAnswers(): void;
  /** Resolves when the server has said something that was held back. */
  answerHeld(): Promise<void>;
  /** Cuts every connection, at once, and lets what comes after through again. */
  cut(): void;
  /** Refuses new connections, or takes them again. */
  refuse(yes: boolean): void;
};

/** A proxy before the server of `url`. */
export async function faultProxy(t: Test, url: string): Promise<FaultProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let holding = false;
  let refusing = false;
  let held = Promise.withResolvers<void>();
  const server = createServer((client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      // Cutting is what this is for: its errors are the clients' to report.
      one.on('error', () => undefined);
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', (chunk) => {
      if (holding) held.resolve();
      else client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    holding = false;
    for (const socket of sockets) socket.destroy();
  };
  t.teardown(async () => {
    cut();
    server.close();
  });
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    holdAnswers() {
      held = Promise.withResolvers<void>();
      holding = true;
    },
    answerHeld: () => held.promise,
    cut,
    refuse(yes) {
      refusing = yes;
    },
  };
}
