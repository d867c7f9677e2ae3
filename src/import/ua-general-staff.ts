/**
 * `ua-general-staff`: the data set "2022 Ukraine Russia War" of Petro Ivaniuk, which transcribes
 * the daily bulletins of the General Staff of Ukraine: equipment, personnel, and by how much the
 * totals were corrected beside the day's losses.
 *
 * Over 200 lines because an importer is one file, and this one reads three kinds of files.
 */
import { realDay } from './fields.ts';
import {
  actor,
  type Context,
  type Draft,
  draftOf,
  type Fields,
  type FileKind,
  type Importer,
  rejected,
} from './importer.ts';
import { bulletin, bulletinEntries, countFault, warId } from './losses.ts';

const outletId = 'petro-ivaniuk-war-dataset';

/** Column to class. From May 2022 on the bulletins count vehicles and fuel tanks as one. */
const classes: Readonly<Record<string, string>> = {
  aircraft: 'aircraft',
  helicopter: 'helicopter',
  tank: 'tank',
  APC: 'personnel_carrier',
  'field artillery': 'artillery_system',
  MRL: 'multiple_rocket_launcher',
  drone: 'drone',
  'naval ship': 'ship',
  submarines: 'submarine',
  'anti-aircraft warfare': 'air_defence_system',
  'special equipment': 'special_equipment',
  'military auto': 'military_vehicle',
  'fuel tank': 'fuel_tank',
  'vehicles and fuel tanks': 'vehicle_or_fuel_tank',
  'cruise missiles': 'cruise_missile',
  'mobile SRBM system': 'mobile_missile_system',
  'ground robotic systems': 'ground_robotic_system',
};
const direction = 'greatest losses direction';
const qualifiers = { about: 'approximately', more: 'more_than' } as const;
const personnel = ['personnel', 'personnel*', 'POW'];

export const uaGeneralStaff: Importer = {
  format: 'ua-general-staff',
  reads: 'json',
  conflictId: warId,
  entries: [
    ...bulletinEntries,
    actor(outletId, 'organisation', 'Petro Ivaniuk, 2022 Ukraine Russia War data set'),
  ],
  source: {
    outletId,
    editorId: outletId,
    url: 'https://github.com/PetroIvaniuk/2022-Ukraine-Russia-War-Dataset',
    language: 'en',
    licence: 'MIT',
  },
  kinds: [
    kind({
      has: ['tank', 'APC'],
      lacks: ['personnel'],
      prefix: 'ua-gs:equipment',
      headline: 'Losses of equipment of Russia, as the General Staff of Ukraine states them',
      read: equipment,
    }),
    kind({
      has: ['personnel', 'personnel*'],
      prefix: 'ua-gs:personnel',
      headline: 'Losses of personnel of Russia, as the General Staff of Ukraine states them',
      read: people,
    }),
    kind({
      has: ['personnel', 'tank', 'APC'],
      lacks: ['personnel*'],
      prefix: 'ua-gs:correction',
      headline: 'Corrections of the totals that the General Staff of Ukraine states',
      read: corrections,
    }),
  ],
  // The claimant revises a total in a later bulletin; another number for the same day is mended
  // transcription.
  cause: 'report_corrected',
};

type Read = (fields: Fields, day: string, context: Context, prefix: string) => Draft;

function kind({
  read,
  has,
  ...rest
}: Omit<FileKind, 'datedAt' | 'reader'> & { read: Read }): FileKind {
  return {
    ...rest,
    has: ['date', 'day', ...has],
    datedAt: ({ date }) => realDay(String(date)),
    reader: (context) => (fields) => {
      const day = realDay(String(fields.date));
      if (day === undefined) return rejected(`date is ${JSON.stringify(fields.date)}, no day`);
      if (fields.day !== dayOfWar(day)) {
        return rejected(`day is ${JSON.stringify(fields.day)}, but ${day} is day ${dayOfWar(day)}`);
      }
      return read(fields, day, context, `${rest.prefix}:${day}`);
    },
  };
}

function equipment(fields: Fields, day: string, context: Context, prefix: string): Draft {
  const { equipment, said } = claimsOf(context, day);
  const draft = { claims: [] as Draft['claims'][number][], absent: [] as string[] };
  const faults = unknownColumns(fields, [...Object.keys(classes), direction]);
  for (const [column, name] of Object.entries(classes)) {
    const id = `${prefix}:${name}`;
    const value = fields[column];
    if (value === undefined || value === null) {
      draft.absent.push(id);
      continue;
    }
    const fault = countFault(column, value);
    if (fault !== undefined) faults.push(fault);
    else draft.claims.push(equipment(id, name, value as number));
  }
  const id = `${prefix}:direction`;
  const where = fields[direction];
  if (where === undefined || where === null) draft.absent.push(id);
  else {
    const text = `the greatest losses of the day were in the direction of ${where}`;
    draft.claims.push(said(id, { kind: 'statement', text }));
  }
  return draftOf({ ...draft, faults });
}

function people(fields: Fields, day: string, context: Context, prefix: string): Draft {
  const { people } = claimsOf(context, day);
  const { personnel: lost, 'personnel*': about, POW: captured } = fields;
  const faults = unknownColumns(fields, personnel);
  const qualifier = qualifiers[about as keyof typeof qualifiers];
  if (qualifier === undefined) faults.push(`personnel* is ${JSON.stringify(about)}, not known`);
  const lostFault = countFault('personnel', lost);
  if (lostFault !== undefined) faults.push(lostFault);
  const isCaptured = captured !== undefined && captured !== null;
  const capturedFault = isCaptured ? countFault('POW', captured) : undefined;
  if (capturedFault !== undefined) faults.push(capturedFault);
  const id = { lost: `${prefix}:killed_or_wounded`, captured: `${prefix}:captured` };
  return draftOf({
    claims: [
      ...(qualifier !== undefined && lostFault === undefined
        ? [people(id.lost, 'killed_or_wounded', lost as number, qualifier)]
        : []),
      ...(isCaptured && capturedFault === undefined
        ? [people(id.captured, 'captured', captured as number, 'unspecified')]
        : []),
    ],
    absent: isCaptured ? [] : [id.captured],
    faults,
  });
}

// A quantity is never below zero, and these are no losses: that a total was corrected is found by
// the data set, and so is its statement.
function corrections(fields: Fields, day: string, context: Context, prefix: string): Draft {
  const columns = { ...classes, personnel: 'personnel' };
  const { conflictId = warId, reportId } = context;
  const faults = unknownColumns(fields, Object.keys(columns));
  const claims: Draft['claims'][number][] = [];
  const absent: string[] = [];
  for (const [column, name] of Object.entries(columns)) {
    const id = `${prefix}:${name}`;
    const by = fields[column] ?? 0;
    if (!Number.isSafeInteger(by)) faults.push(`${column} is ${JSON.stringify(by)}, no number`);
    else if (by === 0) absent.push(id);
    else {
      const text =
        `on ${day} the General Staff of Ukraine corrected its total of ${column} by ${by}, ` +
        'beside the losses of the day';
      claims.push({
        id,
        content: {
          conflict_id: conflictId,
          attribution: {
            claimant_id: outletId,
            chain: [{ actor_id: outletId, role: 'publisher', report_id: reportId }],
          },
          occurred: { from: day, to: day, date_precision: 1 },
          proposition: { kind: 'statement', text },
        },
      });
    }
  }
  return draftOf({ claims, absent, faults });
}

function claimsOf(context: Context, day: string) {
  return bulletin(context, day, [
    { actor_id: outletId, role: 'publisher', report_id: context.reportId },
  ]);
}

function unknownColumns(fields: Fields, known: readonly string[]): string[] {
  const unknown = Object.keys(fields).filter(
    (column) => !['date', 'day', ...known].includes(column),
  );
  return unknown.map((column) => `${column} is not a known class`);
}

// The first day of the war is day 1.
function dayOfWar(day: string): number {
  return (Date.parse(day) - Date.parse('2022-02-24')) / 86_400_000 + 1;
}
