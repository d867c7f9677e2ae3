import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { acled } from '../../src/import/acled.ts';
import { type FileRow, openFile } from '../../src/import/files.ts';
import { uaGeneralStaff } from '../../src/import/ua-general-staff.ts';
import { ucdpGed } from '../../src/import/ucdp-ged.ts';
import { acledRow, equipmentRow, gedRow } from './rows.ts';

type Test = { testdir(): string };

const columns = Object.keys(acledRow);
const header = columns.join(',');
const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
const line = (more: Record<string, string> = {}, delimiter = ',') =>
  Object.values({ ...acledRow, ...more })
    .map(quoted)
    .join(delimiter);

t.test('the columns are those of the codebooks', async (t) => {
  t.equal(columns.length, 31);
  t.strictSame([...(acled.kinds[0]?.has ?? [])].sort(), columns.toSorted());
  t.equal(Object.keys(gedRow).length, 49);
  t.strictSame([...(ucdpGed.kinds[0]?.has ?? [])].sort(), Object.keys(gedRow).sort());
});

async function written(t: Test, bytes: string | Buffer): Promise<string> {
  const path = join(t.testdir(), 'file');
  await writeFile(path, bytes);
  return path;
}

async function rowsOf(t: Test, bytes: string | Buffer, encoding = 'utf-8') {
  const file = await openFile(acled, await written(t, bytes), encoding);
  const rows: FileRow[] = [];
  for await (const row of file.rows()) rows.push(row);
  return { rows, file };
}

t.test('a byte order mark, CRLF, semicolons, line breaks in quotes', async (t) => {
  const odd = { notes: 'one;\r\n"two"', location: 'Ізюм' };
  const text = [columns.join(';'), line(odd, ';'), line({}, ';'), ''].join('\r\n');
  const { rows, file } = await rowsOf(t, `\ufeff${text}`);
  t.strictSame(rows, [
    { row: 1, fields: { ...acledRow, ...odd } },
    { row: 2, fields: acledRow },
  ]);
  t.strictSame(file.columnsIgnored, []);
  t.equal(file.datedAt, '2022-09-20T16:00:00Z');
  t.match(file.sha256, /^[0-9a-f]{64}$/);
  const tabs = await rowsOf(t, `${columns.join('\t')}\n${line({}, '\t')}`);
  t.strictSame(tabs.rows, [{ row: 1, fields: acledRow }]);
});

t.test('Windows-1251, if it is said; else the file is no UTF-8', async (t) => {
  // "Ізюм" in Windows-1251.
  const name = Buffer.from([0xb2, 0xe7, 0xfe, 0xec]);
  const [before, after] = line({ location: '#' }).split('#') as [string, string];
  const bytes = Buffer.concat([Buffer.from(`${header}\n${before}`), name, Buffer.from(after)]);
  const { rows } = await rowsOf(t, bytes, 'windows-1251');
  t.match(rows, [{ fields: { location: 'Ізюм' } }]);
  await t.rejects(rowsOf(t, bytes), /is not utf-8: give its encoding, such as windows-1251/);
  await t.rejects(rowsOf(t, bytes, 'klingon'), /there is no encoding klingon/);
  const utf16 = Buffer.from(`\ufeff${header}\n${line()}`, 'utf16le');
  t.match(await rowsOf(t, utf16, 'utf-16le').catch((error) => error.message), {
    rows: [{ row: 1 }],
  });
});

t.test('a ragged row is told by its number, and the others are read', async (t) => {
  const { rows } = await rowsOf(
    t,
    [header, line(), '1,2,3', '', `${line()},more`, line()].join('\n'),
  );
  t.match(rows, [
    { row: 1, fields: acledRow },
    { row: 2, fault: 'the row has 3 fields, not 31' },
    { row: 3, fault: 'the row has 32 fields, not 31' },
    { row: 4, fields: acledRow },
  ]);
});

// Red with `relax_quotes`, with `skip_records_with_error`, and with rows that run over lines taken
// for ragged ones: in each way 99,990 rows are one bad row.
t.test('an unclosed quote at row 10 of 100,000 stops all, wherever it ends', async (t) => {
  const rows = Array.from({ length: 100_000 }, () => line());
  const open = acledRow.notes as string;
  rows[9] = line().replace(quoted(open), `"${open}`);
  await t.rejects(rowsOf(t, [header, ...rows].join('\n')), /row 10: .*not closed/);
  const plain = Array.from({ length: 100_000 }, () => Object.values(acledRow).join(','));
  plain[9] = plain[9]?.replace(open, `"${open}`) as string;
  await t.rejects(rowsOf(t, [header, ...plain].join('\n')), /row 10: .*not closed/);
  // Here it happens to be closed, by a stray one two rows below.
  plain[11] = plain[11]?.replace('Somewhere', 'Somewhere"') as string;
  await t.rejects(rowsOf(t, [header, ...plain].join('\n')), /row 10 .*a quote is not closed/);
});

t.test('a file of something else, or cut off, is told', async (t) => {
  await t.rejects(rowsOf(t, 'a,b\n1,2\n'), /no file of acled: it lacks event_id_cnty, event_date/);
  await t.rejects(rowsOf(t, `${header},iso\n`), /two columns have one name/);
  const more = await rowsOf(t, `${header},extra\n${line()},x\n`);
  t.strictSame(more.file.columnsIgnored, ['extra']);
  const json = async (text: string) => openFile(uaGeneralStaff, await written(t, text), 'utf-8');
  const whole = JSON.stringify([equipmentRow, 7]);
  t.equal((await json(whole)).kind.prefix, 'ua-gs:equipment');
  await t.rejects(json(whole.slice(0, -5)), /is JSON that ends too soon/);
  await t.rejects(json('[{"date":1,"date":2}]'), /\/0\/date is given more than once/);
  await t.rejects(json('{}'), /this is no array of rows/);
});

// Red without the look at the signal.
t.test('told to stop while it reads a file through, it does', async (t) => {
  const path = await written(t, [header, line(), line()].join('\n'));
  const reason = new Error('stop');
  await t.rejects(openFile(acled, path, 'utf-8', AbortSignal.abort(reason)), reason);
});
