/** What rows become: each importer is a pure function, and its tests need no log. */
import t from 'tap';
import { acled } from '../../src/import/acled.ts';
import { controlRevisions } from '../../src/import/control-revisions.ts';
import type { Draft, Fields, Importer } from '../../src/import/importer.ts';
import { orcLosses } from '../../src/import/orc-losses.ts';
import { uaGeneralStaff } from '../../src/import/ua-general-staff.ts';
import { ucdpGed } from '../../src/import/ucdp-ged.ts';
import { acledRow, bulletinRow, controlRow, equipmentRow, gedRow } from './rows.ts';

const context = { conflictId: 'c1', reportId: 'r:file:1' };
const read = ({ kinds }: Importer, rows: readonly Fields[], kind = 0): Draft[] =>
  rows.map(kinds[kind]?.reader(context) ?? (() => t.fail('no such kind') as never));
const one = (importer: Importer, row: Fields, kind?: number) =>
  read(importer, [row], kind)[0] as Draft;
const values = ({ claims }: Draft) =>
  claims.map(({ id, content: { proposition } }) =>
    'quantity' in proposition ? [id, proposition.quantity.value] : [id, proposition.kind],
  );

t.test('a bulletin is totals of the General Staff since the first day of the war', async (t) => {
  const draft = one(uaGeneralStaff, equipmentRow);
  t.strictSame(draft.faults, []);
  t.strictSame(values(draft), [
    ['ua-gs:equipment:2022-09-12:tank', 2169],
    ['ua-gs:equipment:2022-09-12:personnel_carrier', 4640],
    ['ua-gs:equipment:2022-09-12:drone', 0],
    ['ua-gs:equipment:2022-09-12:direction', 'statement'],
  ]);
  t.ok(draft.absent.includes('ua-gs:equipment:2022-09-12:submarine'));
  t.strictSame(draft.claims[0]?.content, {
    conflict_id: 'c1',
    attribution: {
      claimant_id: 'ua-general-staff',
      chain: [
        { actor_id: 'ua-general-staff', role: 'originator' },
        { actor_id: 'petro-ivaniuk-war-dataset', role: 'publisher', report_id: 'r:file:1' },
      ],
    },
    asserted_at: '2022-09-12',
    proposition: {
      kind: 'equipment_losses',
      side_id: 'ru',
      equipment_class: 'tank',
      quantity: {
        value: 2169,
        qualifier: 'unspecified',
        unit: '{item}',
        measure: 'cumulative',
        period: { from: '2022-02-24', to: '2022-09-12' },
      },
    },
  });
});

t.test('a shifted day, a class not known and what is no count are told', async (t) => {
  const faults = (row: Fields) => one(uaGeneralStaff, row).faults;
  t.strictSame(faults({ ...equipmentRow, day: 200 }), ['day is 200, but 2022-09-12 is day 201']);
  t.strictSame(faults({ ...equipmentRow, date: '2022-02-30' }), ['date is "2022-02-30", no day']);
  const more = one(uaGeneralStaff, { ...equipmentRow, tank: '2169', lasers: 1 });
  t.strictSame(more.faults, ['lasers is not a known class', 'tank is "2169", which is no count']);
  t.equal(more.claims.length, 3, 'the rest of the row is recorded');
});

t.test('personnel keep their qualifier; null is no zero', async (t) => {
  const row = { date: '2022-03-01', day: 6, personnel: 5710, 'personnel*': 'about', POW: 200 };
  const [killed, captured] = one(uaGeneralStaff, row, 1).claims;
  t.match(killed?.content.proposition, {
    outcome: 'killed_or_wounded',
    quantity: { value: 5710, qualifier: 'approximately' },
  });
  t.match(captured?.content.proposition, { outcome: 'captured' });
  const more = one(uaGeneralStaff, { ...row, 'personnel*': 'more', POW: null }, 1);
  t.match(more.claims, [{ content: { proposition: { quantity: { qualifier: 'more_than' } } } }]);
  t.strictSame(more.absent, ['ua-gs:personnel:2022-03-01:captured']);
  t.match(one(uaGeneralStaff, { ...row, 'personnel*': 'some' }, 1).faults, [/"some", not known/]);
});

t.test('that a total was corrected is the data set’s statement, not the claimant’s', async (t) => {
  const row = { date: '2022-10-13', day: 232, tank: 0, APC: -25, personnel: 0 };
  const { claims, faults } = one(uaGeneralStaff, row, 2);
  t.strictSame(faults, []);
  t.match(claims, [
    {
      id: 'ua-gs:correction:2022-10-13:personnel_carrier',
      content: {
        attribution: { claimant_id: 'petro-ivaniuk-war-dataset' },
        proposition: { kind: 'statement', text: /APC by -25/ },
      },
    },
  ]);
});

t.test('a transcription names the page of its bulletin, and other ids', async (t) => {
  const { claims, entries, absent, faults } = one(orcLosses, bulletinRow);
  t.strictSame(faults, []);
  t.match(entries, [
    {
      type: 'ReportPublished',
      data: { outlet_id: 'ua-mod', url: 'https://example.org/a-%E2%80%93-b/', language: 'uk' },
    },
  ]);
  const tanks = claims.find(({ id }) => id === 'orc-losses:2022-09-12:tank');
  t.match(tanks?.content, {
    attribution: {
      claimant_id: 'ua-general-staff',
      chain: [
        { role: 'originator' },
        { actor_id: 'ua-mod', role: 'relay', report_id: entries[0]?.id },
        { actor_id: 'lod-db-orc-losses', role: 'publisher', report_id: 'r:file:1' },
      ],
    },
    proposition: { quantity: { value: 2168 } },
  });
  t.ok(absent.includes('orc-losses:2022-09-12:submarine'), 'null is not given');
  t.match(one(orcLosses, { ...bulletinRow, sourceUri: 'here' }).faults, [/no address/]);
});

t.test('an entry that is put back takes back what it said', async (t) => {
  const [first, same, taken, back] = read(controlRevisions, [
    controlRow('aaaaaaaaaaaa', 'Lyman', 'Russia', '30 May 2022', '31 August 2022 00h41 UTC'),
    controlRow(
      'bbbbbbbbbbbb',
      'Lyman',
      'Russia',
      '30\u00a0May\u00a02022',
      '1 September 2022 00h41 UTC',
    ),
    controlRow(
      'cccccccccccc',
      'Lyman',
      'Ukraine',
      '10 September 2022',
      '10 September 2022 12h22 UTC',
    ),
    controlRow('dddddddddddd', 'Lyman', 'Russia', '30 May 2022', '10 September 2022 20h50 UTC'),
  ]) as [Draft, Draft, Draft, Draft];
  t.match(first.claims, [
    {
      id: 'wiki-control:lyman:aaaaaaaaaaaa',
      content: {
        asserted_at: '2022-08-31T00:41:00Z',
        occurred: { from: '2022-05-30' },
        places: [{ place_id: 'wiki-control:Lyman' }],
        proposition: { controller_id: 'ru', status: 'controlled' },
      },
    },
  ]);
  t.match(same, { claims: { length: 0 }, superseded: { length: 0 }, faults: { length: 0 } });
  t.match(taken, { claims: { length: 1 }, superseded: { length: 0 } });
  t.match(back.claims, { length: 0 }, 'it says again what it said at first');
  t.strictSame(back.superseded, [
    {
      id: 'wiki-control:lyman:cccccccccccc',
      by: 'wiki-control:lyman:aaaaaaaaaaaa',
      asserted_at: '2022-09-10T20:50:00Z',
    },
  ]);
});

t.test('two within minutes are two claims, the first superseded', async (t) => {
  const asOf = '10 September 2022';
  const [, contested, held] = read(controlRevisions, [
    controlRow('aaaaaaaaaaaa', 'Kupiansk', 'Ukraine', asOf, '10 September 2022 12h55 UTC'),
    controlRow('bbbbbbbbbbbb', 'Kupiansk', 'Contested', asOf, '13 September 2022 18h31 UTC'),
    controlRow('cccccccccccc', 'Kupiansk', 'Ukraine', asOf, '13 September 2022 18h54 UTC'),
  ]) as [Draft, Draft, Draft];
  t.match(contested, {
    claims: [{ content: { proposition: { controller_id: null, status: 'contested' } } }],
    superseded: [{ id: 'wiki-control:kupiansk:aaaaaaaaaaaa' }],
  });
  t.match(held, {
    claims: [{ id: 'wiki-control:kupiansk:cccccccccccc' }],
    superseded: [{ id: 'wiki-control:kupiansk:bbbbbbbbbbbb' }],
  });
});

t.test('one name is one entry of the list, and no place known by its name', async (t) => {
  const said = ['6 September 2022', '6 September 2022 00h54 UTC'] as const;
  const [plain, spaced, twice] = read(controlRevisions, [
    controlRow('aaaaaaaaaaaa', 'Vasylivka', 'Russia', ...said),
    controlRow('aaaaaaaaaaaa', 'Vasylivka\u00a0', 'Ukraine', ...said),
    controlRow('aaaaaaaaaaaa', 'Vasylivka', 'Ukraine', ...said),
  ]) as [Draft, Draft, Draft];
  t.match(plain.entries, [{ id: 'wiki-control:Vasylivka', data: { name: 'Vasylivka' } }]);
  t.match(spaced.entries, [{ id: 'wiki-control:Vasylivka.a0.', data: { name: 'Vasylivka' } }]);
  t.match(twice.faults, ['the revision has Vasylivka twice']);
});

t.test('a row whose columns are shifted is told, column by column', async (t) => {
  const shifted = controlRow('aaaaaaaaaaaa', 'Lyman', '30 May 2022', 'See Battle', '11 September');
  t.match(one(controlRevisions, shifted).faults, [
    /^held_by is "30 May 2022"/,
    /^as_of is "See Battle"/,
    /^source_update is "11 September"/,
  ]);
});

t.test('an event of ACLED is a statement of ACLED, its fatalities of no side', async (t) => {
  const { claims, entries, absent, faults } = one(acled, acledRow);
  t.strictSame(faults, []);
  t.strictSame(absent, []);
  t.match(
    entries.map(({ type, data }) => [type, data]),
    [
      ['ActorRegistered', { name: 'Military Forces of A (2000-)' }],
      ['ActorRegistered', { name: 'Military Forces of B' }],
      ['PlaceRegistered', { name: 'Somewhere', point: [37.5, 49.25] }],
    ],
  );
  t.match(claims, [
    {
      id: 'acled:abc123:event',
      content: {
        attribution: {
          claimant_id: 'acled',
          chain: [{ actor_id: 'acled', role: 'originator' }],
          quote: { text: 'As it is told.' },
        },
        asserted_at: '2022-09-20T16:00:00Z',
        occurred: { from: '2022-09-12', to: '2022-09-12', date_precision: 1 },
        place_precision: 2,
        proposition: {
          kind: 'statement',
          text: 'Battles, Armed clash: Military Forces of A (2000-) (with Others) and Military Forces of B',
        },
      },
    },
    {
      id: 'acled:abc123:killed',
      content: {
        proposition: { side_id: 'acled:any-side', outcome: 'killed', quantity: { value: 3 } },
      },
    },
  ]);
  t.notOk(claims[1]?.content.attribution.quote);
});

t.test('remote violence is an attack; 0 fatalities are no claim; a week has no end', async (t) => {
  const { claims, absent } = one(acled, {
    ...acledRow,
    ...{ sub_event_type: 'Air/drone strike', fatalities: '0', time_precision: '2' },
    event_date: '2022-09-12',
  });
  t.match(claims, [{ content: { proposition: { kind: 'attack', form: 'strike' } } }]);
  t.strictSame(claims[0]?.content.occurred, { from: '2022-09-12', date_precision: 3 });
  t.strictSame(absent, ['acled:abc123:killed']);
  const bad = { ...acledRow, fatalities: '', latitude: '149.2', year: '2021', timestamp: 'now' };
  t.match(one(acled, bad).faults, [
    /^event_date is/,
    /^fatalities is ""/,
    /^latitude is "149.2"/,
    /^timestamp/,
  ]);
});

t.test('an event of UCDP is its estimate, with the parts that it knows', async (t) => {
  const { claims, entries, absent, faults } = one(ucdpGed, gedRow);
  t.strictSame(faults, []);
  t.match(
    entries.map(({ id }) => id),
    ['ucdp:actor:101', 'ucdp:actor:202', /^ucdp:place:/],
  );
  const quantities = claims.map(({ id, content: { proposition } }) =>
    'quantity' in proposition ? [id, proposition.quantity] : [id],
  );
  const people = { unit: '{person}', measure: 'increment' };
  t.strictSame(quantities, [
    ['ucdp:7:deaths', { value: 8, value_best: 12, value_to: 15, qualifier: 'between', ...people }],
    ['ucdp:7:deaths_a', { value: 2, qualifier: 'unspecified', ...people }],
    ['ucdp:7:deaths_civilians', { value: 10, qualifier: 'unspecified', ...people }],
  ]);
  t.strictSame(absent, ['ucdp:7:deaths_b', 'ucdp:7:deaths_unknown']);
  t.match(claims[0]?.content, {
    conflict_id: 'c1',
    occurred: { from: '2022-09-10', to: '2022-09-12', date_precision: 2 },
    place_precision: 3,
  });
});

t.test('rows of UCDP name their own conflict, unless another is wanted', async (t) => {
  const own = ucdpGed.kinds[0]?.reader({ ...context, conflictId: undefined })(gedRow) as Draft;
  t.match(own.entries[0], { type: 'ConflictRegistered', id: 'ucdp:conflict:13' });
  t.match(own.claims, [{ content: { conflict_id: 'ucdp:conflict:13' } }]);
  const bad = { ...gedRow, high: '11', date_end: '2022-09-09 00:00:00.000', where_prec: '8' };
  t.match(one(ucdpGed, bad).faults, [/^date_end/, /^where_prec is "8"/, /^high is "11"/]);
});
