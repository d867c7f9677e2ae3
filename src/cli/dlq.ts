/** `frontlog dlq list|replay|drop`: what a read site could not take from the topic. */
import { readConfig } from '../config.ts';
import type { Db } from '../db.ts';
import {
  type DeadLetter,
  dropDeadLetter,
  listDeadLetters,
  replayDeadLetter,
} from '../mirror/dead-letters.ts';
import { withDatabase } from './database.ts';
import { UsageError } from './exit.ts';
import { makeLogger } from './logger.ts';

type Json = { json?: boolean };

/** Ends with 1 where there are any. */
export async function runDlqList({ all, json }: Json & { all?: boolean }): Promise<void> {
  await withLetters(async (db) => {
    const letters = await listDeadLetters(db, all);
    if (letters.some(({ state }) => state === 'open')) process.exitCode = 1;
    for (const letter of letters) say(shown(letter), json, lineOf(letter));
    if (letters.length === 0 && !json) process.stdout.write('there are none\n');
  });
}

/** Tries letters again, all that are open or those named; ends with 1 where one still cannot be. */
export async function runDlqReplay(
  ids: readonly string[],
  { unchecked = false, json }: Json & { unchecked?: boolean },
): Promise<void> {
  if (unchecked && ids.length === 0) throw new UsageError('--unchecked: name the letters');
  await withLetters(async (db) => {
    const letters = ids.length === 0 ? await listDeadLetters(db) : await named(db, ids);
    for (const letter of letters) {
      const reason = await replayDeadLetter(db, letter, !unchecked);
      report(letter.id, 'replayed', reason, json);
    }
  });
}

/** Closes letters that nothing waits for; ends with 1 where something does. */
export async function runDlqDrop(ids: readonly string[], { json }: Json): Promise<void> {
  await withLetters(async (db) => {
    for (const letter of await named(db, ids)) {
      report(letter.id, 'dropped', await dropDeadLetter(db, letter), json);
    }
  });
}

async function withLetters(work: (db: Db) => Promise<void>): Promise<void> {
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  await withDatabase(config, makeLogger(config.logLevel), ({ db }) => work(db));
}

async function named(db: Db, ids: readonly string[]): Promise<DeadLetter[]> {
  const letters = await listDeadLetters(db, true);
  return ids.map((id) => {
    const letter = letters.find((one) => String(one.id) === id && one.state !== 'replayed');
    if (letter === undefined) throw new UsageError(`there is no letter ${id} to be mended`);
    return letter;
  });
}

function report(id: number, done: string, reason: string | undefined, json = false): void {
  if (reason !== undefined) process.exitCode = 1;
  const text = reason === undefined ? `${id}: ${done}` : `${id}: not ${done}: ${reason}`;
  say({ id, done: reason === undefined, ...(reason !== undefined && { reason }) }, json, text);
}

function say(object: object, json: boolean | undefined, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(object) : text}\n`);
}

function shown({ id, topic, partition, offset, position, reason, state, found_at }: DeadLetter) {
  return { id, topic, partition, offset, position, reason, state, found_at };
}

function lineOf({ id, partition, offset, position, reason, state, found_at }: DeadLetter): string {
  const what = position === null ? 'no event of a log' : `the event at position ${position}`;
  return `${id} ${state}, ${found_at}: ${what}, partition ${partition} offset ${offset}: ${reason}`;
}
