/** Arrays in PostgreSQL's binary format, as PostgreSQL reads them. */
import t from 'tap';
import {
  int2Array,
  int4Array,
  int8Array,
  timestamptzArray,
} from '../../src/eventstore/binary-array.ts';
import { freshStore } from '../db.ts';

t.test('integers and moments arrive as they were', async (t) => {
  const { pool } = await freshStore(t);
  const read = async (type: string, values: Buffer) => {
    const text = `select one::text from unnest($1::${type}[]) as one`;
    const { rows } = await pool.query<{ one: string | null }>(text, [values]);
    return rows.map(({ one }) => one);
  };
  const integers = [0, 1, -1, 2 ** 32, -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER, null];
  const asText = integers.map((one) => (one === null ? null : String(one)));
  t.strictSame(await read('bigint', int8Array(integers)), asText);

  const moments = ['2022-09-12T08:30:00.123Z', '1999-12-31T23:59:59.999Z', '1914-07-28T00:00:00Z'];
  const ms = [...moments.map(Date.parse), Number.NEGATIVE_INFINITY, null];
  t.strictSame(await read('timestamptz', timestamptzArray(ms)), [
    '2022-09-12 08:30:00.123+00',
    '1999-12-31 23:59:59.999+00',
    '1914-07-28 00:00:00+00',
    '-infinity',
    null,
  ]);
});

// Seen to fail where they are written by a DataView, which keeps the last bits of any number.
t.test('a number that a type does not hold is an error', (t) => {
  for (const value of [2 ** 15, -(2 ** 15) - 1]) t.throws(() => int2Array([value]), RangeError);
  for (const value of [2 ** 31, 2 ** 32 + 1]) t.throws(() => int4Array([value]), RangeError);
  t.end();
});
