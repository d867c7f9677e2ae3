/**
 * The seed report as commands: CNN Indonesia, 12 September 2022, relaying AFP and CNN. Facts and
 * short quotes only. Place ids are GeoNames and ISO 3166-2.
 */

/** One command of the API; its key makes recording it twice the same as once. */
export type SeedStep = { readonly path: string; readonly key: string; readonly body: object };

export const conflictId = 'russia-ukraine-2022';
const reportId = 'cnn-indonesia-2022-09-12';

const via = (...relays: string[]) => [
  ...relays.map((actor_id) => ({ actor_id, role: 'relay' })),
  { actor_id: 'cnn-indonesia', role: 'publisher', report_id: reportId },
];
const said = (claimant_id: string, relays: string[], text?: string, translation?: string) => ({
  conflict_id: conflictId,
  attribution: {
    claimant_id,
    chain: [{ actor_id: claimant_id, role: 'originator' }, ...via(...relays)],
    ...(text && { quote: { text, language: 'id', ...(translation && { translation }) } }),
  },
});
const on = (from: string) => ({ occurred: { from, to: from, date_precision: 1 } });
const places = (place_precision: number, ...ids: string[]) => ({
  places: ids.map((place_id) => ({ place_id, relation: 'at' })),
  place_precision,
});
const day = { period: { duration: 'PT24H', ends: 'asserted_at' } };
const asserted = { asserted_at: '2022-09-12' };

const izium = 'geonames:707292';
const kupiansk = 'geonames:703656';
const balakliia = 'geonames:712926';
const kharkivOblast = 'iso:UA-63';

const step = (path: string, key: string, body: object): SeedStep => ({
  path,
  key: `seed-${key}`,
  body,
});
const actor = (id: string, kind: string, name: string, part_of?: string) =>
  step('/v1/actors', id, { id, kind, name, ...(part_of && { part_of }) });
const place = (id: string, name: string, more: object = {}) =>
  step('/v1/places', id, { id, name, ...more });
const claim = (id: string, body: object) => step('/v1/claims', id, { id, ...body });

/** The register the report needs, in an order in which every reference is known. */
export const registrySteps: readonly SeedStep[] = [
  actor('ru', 'state', 'Russia'),
  actor('ua', 'state', 'Ukraine'),
  actor('ru-mod', 'ministry', 'Russian Ministry of Defence', 'ru'),
  actor('ua-armed-forces', 'armed_force', 'Armed Forces of Ukraine', 'ua'),
  actor('kremlin-peskov', 'official', 'Dmitry Peskov, Kremlin spokesman', 'ru'),
  actor('afp', 'agency', 'AFP'),
  actor('cnn', 'outlet', 'CNN'),
  actor('cnn-indonesia', 'outlet', 'CNN Indonesia'),
  step('/v1/conflicts', conflictId, {
    id: conflictId,
    name: 'Russia and Ukraine, from February 2022',
    parties: ['ru', 'ua'],
    started: '2022-02-24',
  }),
  place('iso:UA', 'Ukraine'),
  place(kharkivOblast, 'Kharkiv Oblast', { within: 'iso:UA' }),
  place('geonames:706483', 'Kharkiv', { within: kharkivOblast }),
  place(izium, 'Izium', { aliases: ['Izyum'], within: kharkivOblast }),
  place(kupiansk, 'Kupiansk', { aliases: ['Kupyansk'], within: kharkivOblast }),
  place(balakliia, 'Balakliia', { aliases: ['Balakliya'], within: kharkivOblast }),
];

const casualties = (outcome: string, quantity: object) => ({
  kind: 'casualties',
  side_id: 'ua',
  category: 'military',
  outcome,
  quantity: { ...quantity, unit: '{person}', measure: 'increment', ...day },
});
const notVerified = (claimId: string) =>
  step(`/v1/claims/${claimId}/assessments`, `${claimId}-afp`, {
    ...said('afp', []),
    ...asserted,
    assessor_id: 'afp',
    verdict: 'could_not_verify',
  });
const heldByUkraine = (id: string, placeId: string) =>
  claim(id, {
    ...said('ua-armed-forces', ['cnn']),
    ...asserted,
    ...places(1, placeId),
    proposition: { kind: 'control', controller_id: 'ua', status: 'controlled', basis: 'claimed' },
  });

/** The report's own facts, in the order it gives them. */
export const reportSteps: readonly SeedStep[] = [
  step('/v1/reports', reportId, {
    id: reportId,
    outlet_id: 'cnn-indonesia',
    url: 'https://www.cnnindonesia.com/internasional',
    language: 'id',
    headline: 'Dihajar Habis-habisan, Rusia Tetap Ogah Damai dengan Ukraina',
    published_at: '2022-09-12T19:39:00+07:00',
  }),
  step('/v1/negotiations/ru-ua/rejections', 'peskov-no-prospect', {
    ...said('kremlin-peskov', ['afp'], 'prospek negosiasi', 'prospect of negotiation'),
    ...on('2022-09-12'),
    ...asserted,
    party_id: 'ru',
    counterpart_id: 'ua',
    stance: 'no_prospect',
    stated_reason: 'sees no prospect of negotiation',
  }),
  step('/v1/operations/ru-in-ukraine-2022/reaffirmations', 'peskov-goals', {
    ...said('kremlin-peskov', ['afp']),
    ...on('2022-09-12'),
    ...asserted,
    actor_id: 'ru',
    goal: 'until the goals first set are reached',
  }),
  claim('ru-mod-2022-09-12-counterattack', {
    ...said('ru-mod', ['afp']),
    ...asserted,
    ...places(4, kharkivOblast, kupiansk, izium),
    proposition: { kind: 'attack', attacker_id: 'ru', target_id: 'ua', form: 'counterattack' },
  }),
  claim('ru-mod-2022-09-12-strikes', {
    ...said('ru-mod', ['afp']),
    ...asserted,
    proposition: {
      kind: 'attack',
      attacker_id: 'ru',
      target_id: 'ua',
      form: 'strike',
      weapon_classes: ['air', 'rocket', 'artillery'],
    },
  }),
  claim('ru-mod-2022-09-12-killed', {
    ...said('ru-mod', ['afp']),
    ...asserted,
    proposition: casualties('killed', { value: 300, qualifier: 'more_than' }),
  }),
  claim('ru-mod-2022-09-12-wounded', {
    ...said('ru-mod', ['afp']),
    ...asserted,
    proposition: casualties('wounded', { value: 1_000, qualifier: 'unspecified' }),
  }),
  notVerified('ru-mod-2022-09-12-killed'),
  notVerified('ru-mod-2022-09-12-wounded'),
  heldByUkraine('ua-2022-09-12-izium', izium),
  heldByUkraine('ua-2022-09-12-kupiansk', kupiansk),
  heldByUkraine('ua-2022-09-12-balakliia', balakliia),
  claim('ua-2022-09-12-area', {
    ...said('ua', ['cnn']),
    ...asserted,
    proposition: {
      kind: 'area_control',
      controller_id: 'ua',
      quantity: { value: 3_000, qualifier: 'more_than', unit: 'km2', measure: 'cumulative' },
    },
  }),
  claim('cnn-2022-09-12-area-since-april', {
    ...said('cnn', []),
    ...asserted,
    proposition: {
      kind: 'statement',
      text: 'the area retaken exceeds all that Russia took in its operations since April',
    },
  }),
  claim('ua-armed-forces-2022-09-12-settlements', {
    ...said('ua-armed-forces', ['cnn']),
    ...asserted,
    proposition: {
      kind: 'settlements_taken',
      by_id: 'ua',
      quantity: {
        value: 20,
        qualifier: 'more_than',
        unit: '{settlement}',
        measure: 'increment',
        ...day,
      },
    },
  }),
  step('/v1/forces/ru/withdrawals', 'ru-withdrawal-kharkiv', {
    ...said('ru-mod', ['cnn'], 'mengumpulkan kembali', 'to regroup'),
    ...on('2022-09-10'),
    from: [kharkivOblast],
    stated_purpose: 'to regroup ("mengumpulkan kembali")',
    basis: 'acknowledged',
  }),
];
