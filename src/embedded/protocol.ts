import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The servers a keeper can run. */
export type ServerName = 'postgres' | 'kafka';

/** The one thing a client says, at once after connecting; it lets go by ending its side. */
export type Wish = {
  readonly servers: readonly ServerName[];
  /** Where Kafka's jars are or are to be put; absent: `DATA_DIR/kafka/libs`. */
  readonly kafkaLibs?: string;
};

/** What the keeper says. `ready` and `unavailable` end a start, `exited` follows only a `ready`. */
export type Note =
  | { readonly type: 'hello' }
  | { readonly type: 'progress'; readonly message: string }
  | { readonly type: 'ready'; readonly server: ServerName; readonly at: string }
  | { readonly type: 'unavailable'; readonly server: ServerName; readonly reason: string }
  | { readonly type: 'exited'; readonly server: ServerName; readonly detail: string };

/**
 * Sends one message, as a line of JSON; a peer that has gone is no error here, its close says it.
 */
export function say(socket: Socket, message: Wish | Note): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls `heard` with each message of the peer, in order. */
export function listen<Message extends Wish | Note>(
  socket: Socket,
  heard: (message: Message) => void,
): void {
  // Without a listener of its own readline would throw a broken connection's error a second time.
  createInterface({ input: socket })
    .on('line', (line) => heard(JSON.parse(line) as Message))
    .on('error', () => undefined);
}

/**
 * The keeper's socket for a data directory (its real path). In /tmp whatever TMPDIR says, as all
 * processes must find the same one and a socket's path may not exceed 103 bytes; in a directory of
 * this user's own, as another user could otherwise listen there first. Throws if it is not ours.
 */
export async function keeperSocketPath(dataDir: string): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const directory = `/tmp/frontlog-${uid}`;
  await mkdir(directory, { mode: 0o700, recursive: true });
  const found = await lstat(directory);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new Error(
      `${directory} must be a directory of this user's own with mode 0700; remove it`,
    );
  }
  return join(directory, `${createHash('sha256').update(dataDir).digest('hex').slice(0, 20)}.sock`);
}
