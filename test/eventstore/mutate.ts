/** Functions of the log with a guard taken out: a test is trusted once it fails on them. */
import { sql } from 'kysely';
import type { Db } from '../../src/db.ts';

/** Replaces `guard` by `by` in the function `name` of this database; throws if it is not there. */
export async function mutate(db: Db, name: string, guard: string, by: string): Promise<void> {
  const { rows } = await sql<{ definition: string }>`
    select pg_get_functiondef(${name}::regproc) as definition`.execute(db);
  const definition = rows[0]?.definition ?? '';
  if (!definition.includes(guard)) throw new Error(`${name} has no ${guard}`);
  await sql.raw(definition.replace(guard, by)).execute(db);
}
