/** Statements that are run over and over: the first time, described, and after that. */
import pg from 'pg';
import t from 'tap';
import { connectionOptions, isConnectionError } from '../src/db.ts';
import { openPipeline } from '../src/pipeline.ts';
import { type Answer, type PreparedStatement, preparedOn } from '../src/prepared.ts';
import { freshDatabase } from './db.ts';

type Tap = Parameters<typeof freshDatabase>[0];

async function openRun(t: Tap) {
  const { url } = await freshDatabase(t);
  const pipeline = await openPipeline(url);
  t.teardown(() => pipeline.close());
  const run = async (statement: PreparedStatement) => {
    const [answer] = await pipeline.run([statement]);
    return answer?.rows;
  };
  return { pipeline, run };
}

async function openPrepared(t: Tap) {
  const { url } = await freshDatabase(t);
  const client = new pg.Client(connectionOptions(url));
  await client.connect();
  t.teardown(() => client.end());
  const { run, forget } = preparedOn(client);
  const ask = (statements: readonly PreparedStatement[]) =>
    new Promise<readonly Answer[]>((resolve, reject) => {
      run(statements, (error, answers) => {
        if (error) reject(error);
        else resolve(answers);
      });
    });
  return { client, ask, forget };
}

const plain = (text: string): PreparedStatement => ({ name: text, text, values: [] });

// Seen to fail with lengths in characters, with a buffer sent as text, and with null given to a
// parser.
t.test('every kind of value goes and comes each time, asked one by one or at once', async (t) => {
  const { run } = await openRun(t);
  const text = `select $1::text, $2::integer, $3::bytea, $4::text, $5::bigint, null::integer,
    array[$2::bigint], $2::integer > 6`;
  const binary = Buffer.from([0, 1, 255]);
  const ask = (n: number, words: string) =>
    run({ name: 'all', text, values: [words, n, binary, null, String(2 ** 40)] });
  const row = (n: number, words: string) => [[words, n, binary, null, 2 ** 40, null, [n], n > 6]];
  const all = ['', 'ä€𝄞', '\\x00', 'x'.repeat(100_000)];
  for (const [i, words] of all.entries()) t.strictSame(await ask(i, words), row(i, words));
  const at = (text: string) => ({ name: 'at once', text, values: [] });
  const rows = 'select n from generate_series(1, 3) n';
  t.strictSame(await Promise.all([run(at(rows)), run(at(rows)), ask(7, 'ü')]), [
    [[1], [2], [3]],
    [[1], [2], [3]],
    row(7, 'ü'),
  ]);
  t.strictSame(await run({ ...at('select where false'), name: 'none' }), []);
});

// Seen to fail without `#fault`: the row is answered without what could not be read; and without
// the comparison of texts: 2 is answered.
t.test('what fails fails alone, the first time and after', async (t) => {
  const { run } = await openRun(t);
  const inverse = (n: number) =>
    run({ name: 'inverse', text: 'select 1 / $1::integer', values: [n] });
  const big = (n: string) => run({ name: 'big', text: 'select $1::bigint, 1', values: [n] });
  for (const _ of [1, 2]) {
    const answers = await Promise.allSettled([
      inverse(0),
      inverse(1),
      run({ name: 'inverse', text: 'select 2 / $1::integer', values: [1] }),
      big(String(2n ** 60n)),
      inverse(0),
      big('5'),
      run({ name: 'bad', text: 'select nothing', values: [] }),
    ]);
    t.match(answers, [
      { reason: { code: '22012' } },
      { value: [[1]] },
      { reason: /must be unique/ },
      { reason: { name: 'RangeError' } },
      { reason: { code: '22012' } },
      { value: [[5, 1]] },
      { reason: { code: '42703' } },
    ]);
  }
});

// Seen to fail where what reads its columns is kept: the statement is taken for prepared.
t.test('what was forgotten is prepared anew, as it was or of another text', async (t) => {
  const { ask: askAll, forget } = await openPrepared(t);
  const ask = (text: string) => askAll([{ name: 'one', text, values: [] }]);
  forget('one');
  for (const text of ['select 1 as n', 'select 1 as n', 'select 2 as m']) {
    const [number, column] = text === 'select 2 as m' ? [2, 'm'] : [1, 'n'];
    const answer = [{ rows: [[number]], columns: [column] }];
    t.strictSame(await ask(text), answer);
    t.strictSame(await ask(text), answer);
    forget('one');
  }
});

// Seen to fail where what answers no rows is never known, where what is answered is not counted, and
// where each is asked to be answered by itself.
t.test('those of a transaction are one message once they are known, answered each', async (t) => {
  const { client, ask } = await openPrepared(t);
  await client.query('create table numbers (n integer)');
  const insert = (n: number) => ({
    name: 'insert',
    text: 'insert into numbers values ($1), ($1 + 1)',
    values: [n],
  });
  const select = plain('select n, n * 10 as tens from numbers order by n');
  const statements = (n: number) => [plain('begin'), insert(n), select, plain('rollback'), select];
  const none = { rows: [], columns: [] };
  const answers = (n: number) => [
    ...[none, none],
    {
      rows: [
        [n, n * 10],
        [n + 1, (n + 1) * 10],
      ],
      columns: ['n', 'tens'],
    },
    ...[none, { rows: [], columns: ['n', 'tens'] }],
  ];
  const written: number[] = [];
  const { stream } = client.connection;
  const { write } = stream;
  stream.write = ((...args: Parameters<typeof write>) => {
    written.push(args[0].length);
    return write.apply(stream, args);
  }) as typeof write;
  t.strictSame(await ask(statements(1)), answers(1));
  const first = written.length;
  t.strictSame(await ask(statements(5)), answers(5));
  t.equal(written.length - first, 1);
  t.strictSame(await ask([]), []);
});

// Seen to fail where the last error is told: of those behind the first, that the transaction is
// aborted.
t.test('where one fails, those behind it do, the first time and after', async (t) => {
  const { pipeline, run } = await openRun(t);
  await pipeline.query({ text: 'create table numbers (n integer primary key)' });
  const insert = (n: number) => ({
    name: 'insert',
    text: 'insert into numbers values ($1)',
    values: [n],
  });
  const all = (...numbers: number[]) =>
    pipeline.run([plain('begin'), ...numbers.map(insert), plain('select 1'), plain('commit')]);
  const fails = async () => {
    await t.rejects(all(1, 2, 1), { code: '23505' });
    await run(plain('rollback'));
  };
  await fails();
  await all(5, 6);
  await fails();
  t.strictSame(await run(plain('select n from numbers order by n')), [[5], [6]]);
});

t.test('a connection that breaks rejects what is under way, and what comes after', async (t) => {
  const { pipeline, run } = await openRun(t);
  pipeline.onLost(() => undefined);
  const end = () =>
    run({
      name: 'end',
      text: 'select pg_terminate_backend(pg_backend_pid()), pg_sleep($1)',
      values: [1],
    });
  const one = () => run(plain('select 1'));
  t.strictSame(await one(), [[1]]);
  for (const answer of await Promise.allSettled([end(), one()])) {
    t.ok(answer.status === 'rejected' && isConnectionError(answer.reason));
  }
  await t.rejects(one());
});
