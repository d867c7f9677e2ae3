import { mkdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { attach } from './attach.ts';
import type { Note, ServerName, Wish } from './protocol.ts';

/** Where the embedded broker is, or why there is none and what to do about it. */
export type EmbeddedKafka = { readonly brokers: string } | { readonly unavailable: string };

/** A hold on the servers of one data directory. */
export type EmbeddedServers = {
  /**
   * Resolves with the URL of the database `frontlog` when PostgreSQL answers; rejects with the
   * reason, naming its log file, when it cannot be started. Undefined if not wanted.
   */
  readonly postgres: Promise<string> | undefined;
  /** Resolves, never rejects, when Kafka answers a metadata request or cannot be had. */
  readonly kafka: Promise<EmbeddedKafka> | undefined;
  /**
   * Lets go. Resolves when this process no longer holds the servers and, if it was the last to
   * hold them, when they have stopped. May be called any number of times.
   */
  stop(): Promise<void>;
};

export type EmbeddedServersOptions = {
  /** Where data, logs and jars are; created if absent. One set of servers runs per directory. */
  readonly dataDir: string;
  readonly postgres: boolean;
  readonly kafka: boolean;
  /** Kafka's jars, to share them between data directories. Default: `dataDir/kafka/libs`. */
  readonly kafkaLibs?: string;
  /** What is being done and how long it took, one sentence each. */
  onProgress(message: string): void;
  /** A server that had been ready has ended by itself; the detail says if it is started again. */
  onExit(server: ServerName, detail: string): void;
};

type Outcome = { readonly at: string } | { readonly unavailable: string };
type Holding = {
  readonly outcomes: ReadonlyMap<ServerName, PromiseWithResolvers<Outcome>>;
  /** Those that have been ready and have not ended since. */
  readonly running: Set<ServerName>;
  stopping: boolean;
};

/**
 * Starts PostgreSQL and Kafka on `dataDir`, or attaches to those that another process has started
 * there, and resolves at once when they are being seen to: wait for the one needed. They stop when
 * the last process that holds them lets go or ends, be it by kill -9. Holding them keeps the
 * process alive. Throws when the data directory cannot be used or nobody answers for it.
 */
export async function embeddedServers(options: EmbeddedServersOptions): Promise<EmbeddedServers> {
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(options.dataDir);
  const wanted = (['postgres', 'kafka'] as const).filter((server) => options[server]);
  const outcomes = new Map(wanted.map((server) => [server, Promise.withResolvers<Outcome>()]));
  const holding: Holding = { outcomes, running: new Set(), stopping: false };
  const libs = options.kafkaLibs === undefined ? {} : { kafkaLibs: resolve(options.kafkaLibs) };
  const wish: Wish = { servers: wanted, ...libs };
  const socket = await attach(dataDir, wish, (note) => heed(note, holding, options));
  const closed = new Promise<void>((done) => socket.once('close', () => done()));
  closed.then(() => lose(holding, options, join(dataDir, 'keeper.log')));
  const postgres = outcomes.get('postgres')?.promise.then(urlOrThrow);
  // Whoever awaits it gets the error; it is not to end a process that does so a little later.
  postgres?.catch(() => undefined);
  return {
    postgres,
    kafka: outcomes.get('kafka')?.promise.then(brokersOrReason),
    stop: () => {
      holding.stopping = true;
      socket.end();
      return closed;
    },
  };
}

function urlOrThrow(outcome: Outcome): string {
  if ('at' in outcome) return outcome.at;
  throw new Error(outcome.unavailable);
}

function brokersOrReason(outcome: Outcome): EmbeddedKafka {
  return 'at' in outcome ? { brokers: outcome.at } : outcome;
}

function heed(note: Note, holding: Holding, options: EmbeddedServersOptions): void {
  if (holding.stopping) return;
  if (note.type === 'progress') options.onProgress(note.message);
  if (note.type === 'unavailable') {
    holding.outcomes.get(note.server)?.resolve({ unavailable: note.reason });
  }
  if (note.type === 'ready') {
    holding.running.add(note.server);
    holding.outcomes.get(note.server)?.resolve({ at: note.at });
  }
  if (note.type === 'exited' && holding.running.delete(note.server)) {
    options.onExit(note.server, note.detail);
  }
}

/** The connection has ended: either we let go, or the keeper has been killed. */
function lose(holding: Holding, options: EmbeddedServersOptions, logFile: string): void {
  const why = holding.stopping
    ? 'let go before it was ready'
    : `the process that keeps the embedded servers has ended; see ${logFile}`;
  for (const outcome of holding.outcomes.values()) outcome.resolve({ unavailable: why });
  if (holding.stopping) return;
  for (const server of holding.running) options.onExit(server, why);
}
