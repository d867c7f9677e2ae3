/** Replays as the API asks for them; the process that relays runs them. */
import type { Kafka } from 'kafkajs';
import { KafkaUnreachable, type ReplayParts, startReplay } from './replay.ts';
import {
  cancelReplay,
  findReplay,
  listReplays,
  type RefusalCode,
  type Replay,
  type ReplayAsked,
  ReplayRefused,
  takeReplay,
} from './replays.ts';

type Refusal = { code: RefusalCode | 'kafka-unavailable'; detail: string };
type Parts = Pick<ReplayParts, 'db' | 'store' | 'prefix'> & {
  /** Or why there is none. */
  kafka: () => Promise<Kafka | { unavailable: string }>;
};

/** What may be asked of replays: nothing is published here. */
export function replayDesk({ kafka, ...parts }: Parts) {
  const { db } = parts;
  return {
    list: (before: Pick<Replay, 'created_at' | 'id'> | undefined, limit: number) =>
      listReplays(db, before, limit),
    find: (id: string) => findReplay(db, id),
    start: (id: string, asked: ReplayAsked) =>
      refusable(async () => {
        const client = await reachable(kafka);
        return startReplay({ ...parts, kafka: client }, id, asked, 'service');
      }),
    resume: (id: string) =>
      refusable(async () => {
        // Else nobody would go on with it.
        await reachable(kafka);
        return { replay: await takeReplay(db, id, 'service') };
      }),
    cancel: (id: string) => refusable(async () => ({ replay: await cancelReplay(db, id) })),
  };
}

async function reachable(kafka: Parts['kafka']): Promise<Kafka> {
  const found = await kafka();
  if ('unavailable' in found) throw new KafkaUnreachable(found.unavailable);
  return found;
}

async function refusable<T extends object>(work: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ReplayRefused) return { code: error.code, detail: error.message };
    if (error instanceof KafkaUnreachable) {
      return { code: 'kafka-unavailable', detail: error.message };
    }
    throw error;
  }
}
