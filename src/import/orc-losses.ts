/**
 * `orc-losses`: the bulletins of the General Staff of Ukraine as lod-db transcribed them, each with
 * the address of the page that it was read on.
 */
import { realDay } from './fields.ts';
import {
  actor,
  type Draft,
  draftOf,
  type Fields,
  type Importer,
  idOf,
  rejected,
  type Said,
} from './importer.ts';
import { bulletin, bulletinEntries, countFault, warId } from './losses.ts';

const outletId = 'lod-db-orc-losses';
const ministryId = 'ua-mod';
const prefix = 'orc-losses';

/** Column to class, by the names that `ua-general-staff` has for the same lines. */
const classes: Readonly<Record<string, string>> = {
  tanks: 'tank',
  afvs: 'personnel_carrier',
  artillery: 'artillery_system',
  airDefense: 'air_defence_system',
  rocketSystems: 'multiple_rocket_launcher',
  unarmoredVehicles: 'vehicle_or_fuel_tank',
  fixedWingAircraft: 'aircraft',
  rotaryWingAircraft: 'helicopter',
  uavs: 'drone',
  ships: 'ship',
  submarines: 'submarine',
  specialEquipment: 'special_equipment',
  missiles: 'cruise_missile',
};
const columns = ['date', 'sourceUri', 'personnel', ...Object.keys(classes)];

export const orcLosses: Importer = {
  format: 'orc-losses',
  reads: 'json',
  conflictId: warId,
  entries: [
    ...bulletinEntries,
    actor(ministryId, 'ministry', 'Ministry of Defence of Ukraine', { part_of: 'ua' }),
    actor(outletId, 'organisation', 'Orc Losses, Lod Softworks'),
  ],
  source: {
    outletId,
    editorId: outletId,
    url: 'https://github.com/lod-db/orc-losses',
    language: 'en',
    licence: 'MIT',
  },
  kinds: [
    {
      has: columns,
      prefix,
      headline: 'Losses of Russia, as the General Staff of Ukraine states them',
      datedAt: ({ date }) => realDay(String(date)),
      reader: (context) => (fields) => {
        const day = realDay(String(fields.date));
        if (day === undefined) return rejected(`date is ${JSON.stringify(fields.date)}, no day`);
        const page = pageOf(fields.sourceUri, day);
        if (page === undefined) {
          return rejected(`sourceUri is ${JSON.stringify(fields.sourceUri)}, no address`);
        }
        const hops = [
          { actor_id: ministryId, role: 'relay', report_id: page.id },
          { actor_id: outletId, role: 'publisher', report_id: context.reportId },
        ] as const;
        return draftOf({ ...claimsOf(fields, day, bulletin(context, day, hops)), entries: [page] });
      },
    },
  ],
  cause: 'report_corrected',
};

function claimsOf(fields: Fields, day: string, { equipment, people }: ReturnType<typeof bulletin>) {
  const claims: Draft['claims'][number][] = [];
  const absent: string[] = [];
  const faults = Object.keys(fields)
    .filter((column) => !columns.includes(column))
    .map((column) => `${column} is not a known class`);
  for (const [column, name] of [...Object.entries(classes), ['personnel', 'personnel']] as const) {
    const id = `${prefix}:${day}:${name}`;
    const value = fields[column];
    const fault = value === null ? undefined : countFault(column, value);
    if (value === null) absent.push(id);
    else if (fault !== undefined) faults.push(fault);
    // The transcription does not keep whether a bulletin said "about".
    else if (name === 'personnel') {
      claims.push(people(id, 'killed_or_wounded', value as number, 'unspecified'));
    } else claims.push(equipment(id, name, value as number));
  }
  return { claims, absent, faults };
}

// The addresses hold letters as they are, which a URI writes as escapes (RFC 3986).
function pageOf(sourceUri: unknown, day: string): Said | undefined {
  const url = typeof sourceUri === 'string' ? URL.parse(sourceUri) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  return {
    type: 'ReportPublished',
    id: idOf(`${prefix}:page:${day}`, url.href),
    data: {
      outlet_id: ministryId,
      url: url.href,
      language: 'uk',
      headline: `Losses of the adversary, General Staff of Ukraine, ${day}`,
      published_at: day,
    },
  };
}
