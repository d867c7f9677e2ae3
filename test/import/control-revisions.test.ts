/**
 * What the list in Wikipedia said of eight places, as it was scraped: the rows that say something
 * else than the one before. From vi-enne's controlCitiesUkraine (CC BY 4.0); its content is
 * Wikipedia's (CC BY-SA 3.0).
 */
import t from 'tap';
import type { ClaimEvent } from '../../src/domain/claim.ts';
import { type ClaimState, claimStateOf } from '../../src/domain/claim-state.ts';
import { controlOf } from '../../src/domain/control.ts';
import type { Recorded } from '../../src/domain/recorded.ts';
import { claimSaidBy } from '../../src/domain/said-by.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { controlRevisions } from '../../src/import/control-revisions.ts';
import type { Fields } from '../../src/import/importer.ts';
import { freshStore } from '../db.ts';
import { importRows } from './importing.ts';
import { controlRow } from './rows.ts';

const day = (text: string) =>
  text.replace(/ (Apr|Aug|Sep)$/, (_, month) => ` ${months[month as keyof typeof months]} 2022`);
const months = { Apr: 'April', Aug: 'August', Sep: 'September' };
const row = (sha: string, name: string, heldBy: string, asOf: string, said: string): Fields => {
  const [date = '', hour = ''] = said.split(', ');
  return controlRow(sha, name, heldBy, day(asOf), `${day(date)} ${hour} UTC`);
};

const rows: readonly Fields[] = [
  row('6468fd1dce43', 'Brazhkivka', 'Ukraine', '6 Apr', '25 Aug, 08h36'),
  row('6468fd1dce43', 'Izium', 'Russia', '1 Apr', '25 Aug, 08h36'),
  row('6468fd1dce43', 'Kupiansk', 'Russia', '14 Apr', '25 Aug, 08h36'),
  row('6468fd1dce43', 'Lyman', 'Russia', '30 May 2022', '25 Aug, 08h36'),
  row('6468fd1dce43', 'Lysychansk', 'Russia', '3 July 2022', '25 Aug, 08h36'),
  row('6468fd1dce43', 'Ocheretyne', 'Contested', '24 March 2022', '25 Aug, 08h36'),
  row('6468fd1dce43', 'Vovchansk', 'Russia', '21 Apr', '25 Aug, 08h36'),
  row('495e3edfdac2', 'Soldatske', 'Contested', '31 Aug', '31 Aug, 17h16'),
  row('2c9fc794295d', 'Soldatske', 'Contested', '30 Aug', '4 Sep, 00h49'),
  row('ad7307e0fba2', 'Kupiansk', 'Contested', '14 Apr', '10 Sep, 09h19'),
  row('2437aa72ed1c', 'Izium', 'Ukraine', '1 Apr', '10 Sep, 11h29'),
  row('2437aa72ed1c', 'Kupiansk', 'Contested', '10 Sep', '10 Sep, 11h29'),
  row('a1f6743f95d1', 'Lyman', 'Ukraine', '10 Sep', '10 Sep, 12h22'),
  row('596c3674316f', 'Kupiansk', 'Ukraine', '10 Sep', '10 Sep, 12h55'),
  row('0778395968f2', 'Izium', 'Ukraine', '10 Sep', '10 Sep, 13h39'),
  row('1ec63a54c3e0', 'Lysychansk', 'Contested', '10 Sep', '10 Sep, 17h13'),
  row('28a37b919e3a', 'Lyman', 'Russia', '30 May 2022', '10 Sep, 20h50'),
  row('0722509f4f53', 'Vovchansk', 'Ukraine', '21 Apr', '11 Sep, 12h05'),
  row('58e4ef7b9305', 'Vovchansk', 'Ukraine', '11 Sep', '11 Sep, 15h42'),
  row('12deebceafd7', 'Lyman', 'Contested', '30 May 2022', '11 Sep, 16h11'),
  row('ccdac046cdc0', 'Brazhkivka', 'Ukraine', '8 Sep', '11 Sep, 16h21'),
  row('41bd8f628ab9', 'Lyman', 'Contested', '11 Sep', '11 Sep, 19h29'),
  row('7d99f4b7c0fd', 'Lysychansk', 'Russia', '10 Sep', '13 Sep, 12h06'),
  row('8a83ffc26abb', 'Kupiansk', 'Contested', '10 Sep', '13 Sep, 18h31'),
  row('a0f22dabd3fa', 'Kupiansk', 'Ukraine', '10 Sep', '13 Sep, 18h54'),
  row('8d506822333b', 'Lyman', 'Russia', '11 Sep', '14 Sep, 12h39'),
  row('009bd11c1238', 'Ocheretyne', 'Ukraine', '15 Sep', '15 Sep, 09h51'),
  row('05f7b7382727', 'Ocheretyne', 'Ukraine', '16 Sep', '16 Sep, 02h11'),
  row('edbdcbc7947b', 'Lysychansk', 'Russia', '3 July 2022', '17 Sep, 11h08'),
];

/** The events of each claim in the log. */
async function histories(store: EventStore): Promise<Recorded<ClaimEvent>[][]> {
  const streams = await store.listStreams('claim-wiki-control:', '', 1_000);
  const events = (await store.readStreams(streams)) as unknown as Recorded<ClaimEvent>[];
  return [...Map.groupBy(events, ({ data }) => data.claim_id).values()];
}

/** Who holds it and since when, as of a day, by all that is said. */
async function heldBy(store: EventStore, name: string, validAt: string): Promise<string> {
  const claims = (await histories(store)).flatMap((events) => claimStateOf(events) ?? []);
  return holderIn(claims, name, { validAt });
}

/** Who holds it and since when, by what had been said at the moment. */
async function saidBy(store: EventStore, name: string, moment: string): Promise<string> {
  const all = await histories(store);
  const made = all.flat().filter((event) => event.type === 'ClaimMade');
  const saidAt = new Map(made.map(({ data }) => [data.claim_id, data.asserted_at]));
  const claims = all.flatMap((one) => claimSaidBy(one, moment, (id) => saidAt.get(id)) ?? []);
  return holderIn(claims, name, {});
}

function holderIn(claims: readonly ClaimState[], name: string, asOf: { validAt?: string }) {
  const { statements } = controlOf(`wiki-control:${name}`, claims, asOf);
  const [{ controller_id, status, occurred } = {}] = statements;
  return `${controller_id ?? status}, ${occurred?.from}`;
}

// Izium was given to Ukraine at 11:29, and only at 13:39 as of that day.
t.test('an entry that is dated anew says of the days before what it said before', async (t) => {
  const { store } = await freshStore(t);
  const { rows: counts } = await importRows(t, store, controlRevisions, rows);
  t.match(counts, { read: 29, recorded: 29, rejected: 0 });
  for (const [name, validAt, expected] of [
    ['Brazhkivka', '2022-09-07', 'ua, 2022-04-06'],
    ['Izium', '2022-03-31', 'undefined, undefined'],
    ['Izium', '2022-07-01', 'ru, 2022-04-01'],
    ['Izium', '2022-09-10', 'ua, 2022-09-10'],
    ['Vovchansk', '2022-09-10', 'ru, 2022-04-21'],
    ['Vovchansk', '2022-09-11', 'ua, 2022-09-11'],
    ['Kupiansk', '2022-09-09', 'ru, 2022-04-14'],
    ['Kupiansk', '2022-09-10', 'ua, 2022-09-10'],
    ['Lyman', '2022-09-10', 'ru, 2022-05-30'],
    ['Lyman', '2022-09-12', 'ru, 2022-09-11'],
    ['Lysychansk', '2022-09-20', 'ru, 2022-07-03'],
    ['Ocheretyne', '2022-09-14', 'contested, 2022-03-24'],
    ['Ocheretyne', '2022-09-15', 'ua, 2022-09-15'],
    ['Soldatske', '2022-08-29', 'undefined, undefined'],
    ['Soldatske', '2022-08-30', 'contested, 2022-08-30'],
  ] as const) {
    t.equal(await heldBy(store, name, validAt), expected, `${name}, ${validAt}`);
  }
});

t.test('what it had taken the place of is another claim, and the rest of it is kept', async (t) => {
  const { store } = await freshStore(t);
  const izium = rows.filter(({ name }) => name === 'Izium');
  await importRows(t, store, controlRevisions, izium.slice(0, 2));
  t.equal(await heldBy(store, 'Izium', '2022-07-01'), 'ua, 2022-04-01', 'so it read by then');
  const longer = await importRows(t, store, controlRevisions, izium);
  t.match(longer, { rows: { known: 2, recorded: 1 } });
  t.strictSame(longer.events, { ReportPublished: 1, ClaimMade: 2, ClaimSuperseded: 1 });
  const claims = (await histories(store)).map((events) => claimStateOf(events));
  t.match(
    new Map(claims.map((claim) => [claim?.current.claim_id, claim])),
    new Map([
      ['wiki-control:izium:6468fd1dce43', { superseded_by: 'wiki-control:izium:2437aa72ed1c' }],
      ['wiki-control:izium:2437aa72ed1c', { superseded_by: 'wiki-control:izium:0778395968f2' }],
      ['wiki-control:izium:0778395968f2', { lifecycle: 'active' }],
      [
        'wiki-control:izium:0778395968f2:since-2022-04-01',
        { lifecycle: 'active', current: { asserted_at: '2022-09-10T13:39:00Z' } },
      ],
    ]),
  );
  t.strictSame((await importRows(t, store, controlRevisions, izium)).events, {});
});

t.test('what an entry said stands until the row that takes it back', async (t) => {
  const { store } = await freshStore(t);
  await importRows(t, store, controlRevisions, rows);
  for (const [name, moment, expected] of [
    ['Lyman', '2022-09-10T12:21:00Z', 'ru, 2022-05-30'],
    ['Lyman', '2022-09-10T15:00:00Z', 'ua, 2022-09-10'],
    ['Lyman', '2022-09-10T20:50:00Z', 'ru, 2022-05-30'],
    ['Lysychansk', '2022-09-12', 'contested, 2022-09-10'],
    ['Lysychansk', '2022-09-17T11:07:00Z', 'ru, 2022-09-10'],
    ['Lysychansk', '2022-09-17', 'ru, 2022-07-03'],
    ['Izium', '2022-09-10T12:00:00Z', 'ua, 2022-04-01'],
    ['Kupiansk', '2022-09-13T18:40:00Z', 'contested, 2022-09-10'],
    ['Kupiansk', '2022-09-13T18:54:00Z', 'ua, 2022-09-10'],
  ] as const) {
    t.equal(await saidBy(store, name, moment), expected, `${name}, ${moment}`);
  }
});
