import t from 'tap';
import { acts } from '../../src/domain/acts.ts';
import type { ClaimEvent } from '../../src/domain/claim.ts';
import { claimStateOf } from '../../src/domain/claim-state.ts';
import type { Recorded } from '../../src/domain/recorded.ts';
import { dryRunStore } from '../../src/eventstore/dry-run.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { executeAll } from '../../src/eventstore/execute-all.ts';
import { newId } from '../../src/http/new-id.ts';
import { acled } from '../../src/import/acled.ts';
import { controlRevisions } from '../../src/import/control-revisions.ts';
import type { Fields } from '../../src/import/importer.ts';
import { uaGeneralStaff } from '../../src/import/ua-general-staff.ts';
import { ucdpGed } from '../../src/import/ucdp-ged.ts';
import { openPipeline } from '../../src/pipeline.ts';
import { freshStore } from '../db.ts';
import { importRows } from './importing.ts';
import { acledRow, controlRow, equipmentRow, gedRow } from './rows.ts';

const days: readonly Fields[] = Array.from({ length: 20 }, (_, i) => ({
  ...equipmentRow,
  date: `2022-09-${String(i + 1).padStart(2, '0')}`,
  day: 190 + i,
  tank: 2_000 + i,
}));
const full = { full: { percentMax: 10 } };

/** As it stands, with what the events say that came after its making. */
async function claim(store: EventStore, id: string) {
  const events = await store.readStream(`claim-${id}`);
  const changes = events.slice(1).map(({ data }) => data);
  return { ...claimStateOf(events as unknown as Recorded<ClaimEvent>[]), changes };
}

t.test('the same file twice: rows read are recorded, then known', async (t) => {
  const { store } = await freshStore(t);
  const first = await importRows(t, store, uaGeneralStaff, days);
  t.strictSame(first.rows, { read: 20, recorded: 20, known: 0, rejected: 0 });
  t.equal(first.events.ClaimMade, 80);
  const head = await store.head();
  const again = await importRows(t, store, uaGeneralStaff, days);
  t.strictSame(again.rows, { read: 20, recorded: 0, known: 20, rejected: 0 });
  t.strictSame(again.events, {});
  t.equal(await store.head(), head);
});

t.test('the report that a file is has its source, licence and hash', async (t) => {
  const { store } = await freshStore(t);
  await importRows(t, store, uaGeneralStaff, days);
  const [stream = ''] = await store.listStreams('report-', '', 2);
  t.match(await store.readStream(stream), [
    {
      data: {
        outlet_id: 'petro-ivaniuk-war-dataset',
        url: 'https://github.com/PetroIvaniuk/2022-Ukraine-Russia-War-Dataset',
        licence: 'MIT',
        published_at: '2022-09-20',
        content_sha256: /^[0-9a-f]{64}$/,
      },
    },
  ]);
});

t.test(
  'a changed row is corrected, with the cause; a cell that is gone ends its claim',
  async (t) => {
    const { store } = await freshStore(t);
    await importRows(t, store, uaGeneralStaff, days);
    const { drone: _gone, ...without } = days[1] as (typeof days)[1];
    const changed = days.with(0, { ...days[0], tank: 1_999 } as never).with(1, without as never);
    const { rows, events } = await importRows(t, store, uaGeneralStaff, changed);
    t.strictSame(rows, { read: 20, recorded: 2, known: 18, rejected: 0 });
    t.strictSame(events, { ReportPublished: 1, ClaimCorrected: 1, ClaimRetracted: 1 });
    t.match(await claim(store, 'ua-gs:equipment:2022-09-01:tank'), {
      lifecycle: 'corrected',
      current: { proposition: { quantity: { value: 1_999, best: 1_999 } } },
      changes: [
        {
          cause: 'report_corrected',
          field: '/proposition/quantity/value',
          from: 2_000,
          to: 1_999,
          attribution: { claimant_id: 'petro-ivaniuk-war-dataset' },
        },
      ],
    });
    t.match(await claim(store, 'ua-gs:equipment:2022-09-02:drone'), { lifecycle: 'retracted' });
    const again = await importRows(t, store, uaGeneralStaff, changed);
    t.strictSame(again.events, {});
  },
);

t.test('a shape that changes is corrected as a whole, when the claimant said so', async (t) => {
  const { store } = await freshStore(t);
  await importRows(t, store, ucdpGed, [gedRow]);
  const sure = { ...gedRow, low: '12', high: '12', date_end: '2022-09-11' };
  const { events } = await importRows(t, store, ucdpGed, [sure]);
  t.strictSame(events, { ReportPublished: 1, ClaimCorrected: 4 });
  t.match(await claim(store, 'ucdp:7:deaths'), {
    current: {
      occurred: { to: '2022-09-11' },
      proposition: { quantity: { value: 12, qualifier: 'unspecified', low: 12, high: 12 } },
    },
    changes: [
      { cause: 'claimant_revised', field: '/occurred/to' },
      { cause: 'claimant_revised', field: '/proposition/quantity' },
    ],
  });
});

// Red where the id of a correction counts those before it, recorded or not.
t.test('a correction that is refused stands in the way of no later one', async (t) => {
  const { store } = await freshStore(t);
  await importRows(t, store, ucdpGed, [gedRow]);
  const file = (more: object) =>
    importRows(t, store, acled, [{ ...acledRow, geo_precision: '1', ...more }], {
      conflictId: 'ucdp:conflict:13',
    });
  const long = { notes: 'n'.repeat(4_100), geo_precision: '2' };
  const short = { notes: 'As it is told now.', geo_precision: '2' };
  await file({});
  const refused = await file(long);
  t.match(refused, { rows: { rejected: 1 }, events: { ClaimCorrected: 4 } }, 'the rest of it is');
  t.match(refused.rejected, [{ reasons: [/.*quote.*/] }]);
  t.match(await file(short), { rows: { recorded: 1 }, events: { ClaimCorrected: 1 } });
  t.match(await claim(store, 'acled:abc123:event'), {
    current: {
      attribution: { quote: { text: 'As it is told now.' } },
      place_precision: 2,
    },
  });
  t.match(await file(short), { rows: { known: 1 }, events: {} });
});

// Red where the id of a correction holds no more than the field and its values.
t.test('a field that comes to a value, back, and to it again is corrected each time', async (t) => {
  const { store } = await freshStore(t);
  const tank = (count: number) => days.with(0, { ...days[0], tank: count });
  await importRows(t, store, uaGeneralStaff, days);
  for (const count of [1_999, 2_000, 1_999, 2_000]) {
    const { rows, events } = await importRows(t, store, uaGeneralStaff, tank(count));
    t.match([rows, events], [{ recorded: 1, known: 19 }, { ClaimCorrected: 1 }]);
  }
  t.match(await claim(store, 'ua-gs:equipment:2022-09-01:tank'), {
    changes: [{ to: 1_999 }, { to: 2_000 }, { to: 1_999 }, { to: 2_000 }],
  });
});

// Red where a correction is compared with the current state: it would be taken back.
t.test('what somebody else corrected stands, until the file says something new', async (t) => {
  const { store } = await freshStore(t);
  await importRows(t, store, uaGeneralStaff, days);
  const id = 'ua-gs:equipment:2022-09-01:tank';
  const data = {
    conflict_id: 'russia-ukraine-2022',
    attribution: { claimant_id: 'ua', chain: [] },
    ...{ cause: 'extraction_error', reason: 'misread' },
    ...{ field: '/proposition/quantity/value', from: 2_000, to: 2_500 },
  };
  const eventId = newId();
  const metadata = { correlation_id: 'desk', recorded_by: 'desk' };
  await executeAll(store, [
    { act: acts.ClaimCorrected, id, data, eventId: () => eventId, metadata },
  ]);
  t.strictSame((await importRows(t, store, uaGeneralStaff, days)).events, {});
  const changed = days.with(0, { ...days[0], tank: 2_600 });
  await importRows(t, store, uaGeneralStaff, changed);
  t.match(await claim(store, id), {
    changes: [{ to: 2_500 }, { from: 2_500, to: 2_600 }],
  });
});

t.test('--full: a row that is gone is retracted, and another claim when it is back', async (t) => {
  const { store } = await freshStore(t);
  await importRows(t, store, uaGeneralStaff, days);
  const fewer = days.slice(0, 19);
  t.match(await importRows(t, store, uaGeneralStaff, fewer), { vanished: undefined });
  t.match(await importRows(t, store, uaGeneralStaff, fewer, full), {
    vanished: { claims: 4 },
    events: { ClaimRetracted: 4 },
  });
  const id = 'ua-gs:equipment:2022-09-20:tank';
  t.match(await claim(store, id), {
    lifecycle: 'retracted',
    changes: [{ reason: 'its row is no longer in the file' }],
  });
  t.match(await importRows(t, store, uaGeneralStaff, fewer, full), { events: {} });
  const back = await importRows(t, store, uaGeneralStaff, days, full);
  t.match(back, { rows: { recorded: 1, known: 19 }, vanished: { claims: 0 } });
  t.match(await claim(store, `${id}:life-2`), { lifecycle: 'active' });
  t.match(await importRows(t, store, uaGeneralStaff, fewer, full), { vanished: { claims: 4 } });
  await importRows(t, store, uaGeneralStaff, days);
  t.match(await claim(store, `${id}:life-3`), { lifecycle: 'active' });
});

// Red without each of the three conditions in vanished.ts.
t.test('--full ends nothing for a bad row, a stop, or a file that lacks much', async (t) => {
  const { store } = await freshStore(t);
  await importRows(t, store, uaGeneralStaff, days);
  const bad = [...days.slice(0, 18), { ...days[18], day: 1 }];
  const refused = await importRows(t, store, uaGeneralStaff, bad, full);
  t.match(refused, { rows: { rejected: 1 }, vanished: { claims: 0, refused: /none is known/ } });
  const few = await importRows(t, store, uaGeneralStaff, days.slice(0, 10), full);
  t.match(few, { vanished: { claims: 40, refused: /^40 of 80 claims are not in the file/ } });
  const stopped = { ...full, signal: AbortSignal.abort() };
  const cut = await importRows(t, store, uaGeneralStaff, days.slice(0, 19), stopped);
  t.match(cut, { isStopped: true, rows: { read: 0 }, vanished: { claims: 0, refused: /./ } });
  t.equal((await store.listStreams('claim-', '', 1_000)).length, 80);
  t.equal((await claim(store, 'ua-gs:equipment:2022-09-20:tank'))?.lifecycle, 'active');
});

t.test('--full looks at claims of its own data set and conflict', async (t) => {
  const { store } = await freshStore(t);
  await importRows(t, store, ucdpGed, [gedRow, { ...gedRow, id: '8', conflict_new_id: '14' }]);
  const own = { full: { percentMax: 100 }, conflictId: 'ucdp:conflict:13' };
  const other = { ...gedRow, id: '9' };
  t.match(await importRows(t, store, ucdpGed, [other], own), { vanished: { claims: 3 } });
  t.match(await claim(store, 'ucdp:7:deaths'), { lifecycle: 'retracted' });
  t.match(await claim(store, 'ucdp:8:deaths'), { lifecycle: 'active' });
});

t.test('bad rows are told by number and reason, and counted', async (t) => {
  const { store } = await freshStore(t);
  const rows = [
    acledRow,
    { ...acledRow, event_id_cnty: 'ABC124', fatalities: 'many' },
    { ...acledRow, event_id_cnty: 'ABC125', actor1: 'A \u202eevil name' },
    { ...acledRow, event_id_cnty: 'ABC126' },
  ];
  const nowhere = await importRows(t, store, acled, rows.slice(0, 1), { conflictId: 'c9' });
  t.match(nowhere, {
    rows: { read: 1, rejected: 1 },
    rejected: [{ row: 1, reasons: [/there is no conflict c9/, /there is no conflict c9/] }],
  });
  await importRows(t, store, ucdpGed, [gedRow]);
  const conflictId = 'ucdp:conflict:13';
  const imported = await importRows(t, store, acled, rows, { conflictId });
  t.strictSame(imported.rows, { read: 4, recorded: 2, known: 0, rejected: 2 });
  t.match(imported.rejected, [
    { row: 2, reasons: [/^fatalities is "many"/] },
    { row: 3, reasons: [/^\/data\/name|^\/name/, /.*/] },
  ]);
  const again = await importRows(t, store, acled, rows, { conflictId });
  t.strictSame(again.rows, { read: 4, recorded: 0, known: 2, rejected: 2 });
});

t.test('of two rows of one identity the second is told, wherever it is', async (t) => {
  const { store } = await freshStore(t);
  const rows = Array.from({ length: 600 }, (_, i) => ({ ...gedRow, id: String(i + 1) }));
  const twice = [...rows, { ...gedRow, high: '99' }, gedRow, gedRow];
  const imported = await importRows(t, store, ucdpGed, twice);
  t.strictSame(imported.rows, { read: 603, recorded: 600, known: 0, rejected: 3 });
  t.match(imported.rejected, [{ row: 601, reasons: ['an earlier row gives claim ucdp:7:deaths'] }]);
});

t.test('an entry that is registered otherwise is left, and said', async (t) => {
  const { store } = await freshStore(t);
  const eventId = newId();
  const metadata = { correlation_id: 'desk', recorded_by: 'desk' };
  const data = { name: 'Україна', kind: 'state' };
  await executeAll(store, [
    { act: acts.ActorRegistered, id: 'ua', data, eventId: () => eventId, metadata },
  ]);
  const { entriesKept, rows } = await importRows(t, store, uaGeneralStaff, days);
  t.strictSame(entriesKept, ['ua']);
  t.match(rows, { recorded: 20 });
  t.equal((await store.readStream('actor-ua')).length, 1);
});

t.test('an entry of a list that takes its word back supersedes it', async (t) => {
  const { store } = await freshStore(t);
  const rows = [
    controlRow('aaaaaaaaaaaa', 'Lyman', 'Russia', '30 May 2022', '31 August 2022 00h41 UTC'),
    controlRow(
      'bbbbbbbbbbbb',
      'Lyman',
      'Ukraine',
      '10 September 2022',
      '10 September 2022 12h22 UTC',
    ),
    controlRow('cccccccccccc', 'Lyman', 'Russia', '30 May 2022', '10 September 2022 20h50 UTC'),
  ];
  const { events } = await importRows(t, store, controlRevisions, rows);
  t.match(events, { ClaimMade: 2, ClaimSuperseded: 1 });
  t.match(await claim(store, 'wiki-control:lyman:bbbbbbbbbbbb'), {
    lifecycle: 'superseded',
    superseded_by: 'wiki-control:lyman:aaaaaaaaaaaa',
  });
  const again = await importRows(t, store, controlRevisions, rows);
  t.match(again, { events: {}, rows: { known: 3 } });
});

t.test('a dry run decides the same and records nothing', async (t) => {
  const { store, url } = await freshStore(t);
  const rows: readonly Fields[] = Array.from({ length: 1_200 }, (_, i) => ({
    ...gedRow,
    id: String(i + 1),
  }));
  const changed = rows.with(0, { ...gedRow, id: '1', best: '13' });
  for (const file of [rows, rows, changed]) {
    const dry = await dryRunStore(store, () => openPipeline(url));
    const head = await store.head();
    const tried = await importRows(t, dry, ucdpGed, file, full);
    await dry.close();
    t.equal(await store.head(), head, 'nothing is recorded');
    t.strictSame(tried, await importRows(t, store, ucdpGed, file, full));
  }
  t.equal(await store.head(), 8 + 2 + 3_600 + 1, 'entries, reports, claims, a correction');
});
