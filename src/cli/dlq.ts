/** `frontlog dlq list|replay|drop`: what a read site could not take from the topic. */
import { readConfig } from '../config.ts';
import type { Db } from '../db.ts';
import {
  type DeadLetter,
  dropDeadLetter,
  findDeadLetter,
  listDeadLetters,
  replayDeadLetter,
} from '../mirror/dead-letters.ts';
import { withDatabase } from './database.ts';
import { UsageError } from './exit.ts';
import { makeLogger } from './logger.ts';

const pageLettersMax = 500;

type Json = { json?: boolean };

/** Ends with 1 where there are any. */
export async function runDlqList({ all, json }: Json & { all?: boolean }): Promise<void> {
  await withLetters(async (db) => {
    let count = 0;
    for await (const letter of lettersOf(db, all ? undefined : 'open')) {
      if (letter.state === 'open') process.exitCode = 1;
      say(letter, json, lineOf(letter));
      count += 1;
    }
    if (count === 0 && !json) process.stdout.write('there are none\n');
  });
}

/** Tries letters again, all that are open or those named; ends with 1 where one still cannot be. */
export async function runDlqReplay(
  ids: readonly string[],
  { unchecked = false, json }: Json & { unchecked?: boolean },
): Promise<void> {
  if (unchecked && ids.length === 0) throw new UsageError('--unchecked: name the letters');
  await withLetters(async (db) => {
    const letters = ids.length === 0 ? lettersOf(db, 'open') : await named(db, ids);
    for await (const letter of letters) {
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

async function* lettersOf(db: Db, state: 'open' | undefined): AsyncGenerator<DeadLetter> {
  for (let after = 0; ; ) {
    const letters = await listDeadLetters(db, { state, after, limit: pageLettersMax });
    yield* letters;
    const last = letters.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

async function named(db: Db, ids: readonly string[]): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for (const id of ids) {
    const letter = /^\d{1,15}$/.test(id) ? await findDeadLetter(db, Number(id)) : undefined;
    if (letter === undefined || letter.state === 'replayed') {
      throw new UsageError(`there is no letter ${id} to be mended`);
    }
    letters.push(letter);
  }
  return letters;
}

function report(id: number, done: string, reason: string | undefined, json = false): void {
  if (reason !== undefined) process.exitCode = 1;
  const text = reason === undefined ? `${id}: ${done}` : `${id}: not ${done}: ${reason}`;
  say({ id, done: reason === undefined, ...(reason !== undefined && { reason }) }, json, text);
}

function say(object: object, json: boolean | undefined, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(object) : text}\n`);
}

function lineOf({ id, partition, offset, position, reason, state, found_at }: DeadLetter): string {
  const what = position === null ? 'no event of a log' : `the event at position ${position}`;
  return `${id} ${state}, ${found_at}: ${what}, partition ${partition} offset ${offset}: ${reason}`;
}
