/**
 * `control-revisions`: how the Wikipedia list of who holds the cities of Ukraine read over time, as
 * vi-enne scraped it. Each row is one entry of the list at one revision.
 *
 * A row that says what the entry said before (only its wording or white space changed) is no new
 * claim. One that says otherwise as of the same day, or as of an earlier one, takes back what the
 * list said before: that claim is superseded, for else "Ukraine, as of 10 September" would outlive
 * the revision that put "Russia, as of 30 May" back.
 *
 * An editor often changes the holder first and the day later: "Ukraine, as of 1 April" stood for
 * two hours, in the place of "Russia, as of 1 April". A later day dates such a state anew, and what
 * it had taken the place of is then said again. A state that was never in another's place is only
 * confirmed by a later day.
 */

import { dayOf, textOf } from './fields.ts';
import {
  actor,
  type Content,
  type Context,
  type Draft,
  draftOf,
  type Fields,
  type Importer,
  place,
  rejected,
} from './importer.ts';
import { parties, war, warId } from './losses.ts';

const claimantId = 'wikipedia-ru-ua-war-control-list';
const outletId = 'vi-enne-control-cities-ukraine';
const prefix = 'wiki-control';

const holders: Readonly<Record<string, { controller_id: string | null; status: Status }>> = {
  Ukraine: { controller_id: 'ua', status: 'controlled' },
  Russia: { controller_id: 'ru', status: 'controlled' },
  'Donetsk PR': { controller_id: 'donetsk-pr', status: 'controlled' },
  'Luhansk PR': { controller_id: 'luhansk-pr', status: 'controlled' },
  Contested: { controller_id: null, status: 'contested' },
};
type Status = 'controlled' | 'contested';

export const controlRevisions: Importer = {
  format: 'control-revisions',
  reads: 'csv',
  conflictId: warId,
  entries: [
    ...parties,
    actor('donetsk-pr', 'organisation', 'Donetsk People’s Republic'),
    actor('luhansk-pr', 'organisation', 'Luhansk People’s Republic'),
    actor(claimantId, 'organisation', 'Wikipedia, list of cities held in the war in Ukraine'),
    actor(outletId, 'organisation', 'vi-enne, controlCitiesUkraine'),
    war,
    place('iso:UA', 'Ukraine'),
  ],
  source: {
    outletId,
    editorId: claimantId,
    url: 'https://github.com/vi-enne/controlCitiesUkraine',
    language: 'en',
    licence: 'CC-BY-4.0 AND CC-BY-SA-3.0',
  },
  kinds: [
    {
      has: ['recorded_at_commit', 'git_sha', 'source_update', 'name', 'held_by', 'as_of'],
      mayHave: ['more_information'],
      prefix,
      headline: 'Who holds the cities of Ukraine, as a list in Wikipedia read over time',
      datedAt: (fields) => textOf(fields, 'recorded_at_commit'),
      reader: (context) => {
        const entries = new Map<string, Entry>();
        return (fields) => read(fields, context, entries);
      },
    },
  ],
  // A revision reads as it read: if the file says otherwise, it was scraped wrongly.
  cause: 'extraction_error',
};

/** An entry of the list, as it reads by now. States are in the order of their days. */
type Entry = {
  readonly revisions: Set<string>;
  /** What it says, of every day. */
  standing: State[];
  /** What it said before its present holder came: what stands until then, whatever day that is. */
  before: State[];
};
type State = {
  readonly claimId: string;
  readonly asOf: string;
  readonly heldBy: string;
  readonly content: Content;
};

function read(fields: Fields, context: Context, entries: Map<string, Entry>): Draft {
  // As it is: with a space too many it may be another settlement of the name, or the same.
  const name = String(fields.name);
  const [asOf, saidAt] = [textOf(fields, 'as_of'), textOf(fields, 'source_update')];
  const heldBy = textOf(fields, 'held_by');
  const [day, asserted_at] = [dayOf(asOf), instantOf(saidAt)];
  const sha = textOf(fields, 'git_sha').slice(0, 12);
  const faults: string[] = [];
  if (name.trim() === '') faults.push('name is empty');
  if (!(heldBy in holders)) faults.push(`held_by is ${JSON.stringify(heldBy)}, no known holder`);
  if (day === undefined) faults.push(`as_of is ${JSON.stringify(asOf)}, no day`);
  if (asserted_at === undefined) {
    faults.push(`source_update is ${JSON.stringify(saidAt)}, no instant`);
  }
  if (!/^[0-9a-f]{12}$/.test(sha)) faults.push('git_sha is no hash');
  const entry = entries.get(name) ?? { revisions: new Set(), standing: [], before: [] };
  entries.set(name, entry);
  if (entry.revisions.has(sha)) faults.push(`the revision has ${name} twice`);
  entry.revisions.add(sha);
  if (faults.length > 0 || day === undefined || asserted_at === undefined) {
    return rejected(...faults);
  }

  const slug = slugOf(name);
  const placeId = `${prefix}:${slug}`;
  const found = place(placeId, name.trim(), {
    within: 'iso:UA',
    external_ids: [{ scheme: 'wikipedia-control-list', value: name }],
  });
  const more = textOf(fields, 'more_information').replaceAll(/\s+/g, ' ');
  const content: Content = {
    conflict_id: context.conflictId ?? warId,
    attribution: {
      claimant_id: claimantId,
      chain: [
        { actor_id: claimantId, role: 'originator' as const },
        { actor_id: outletId, role: 'publisher' as const, report_id: context.reportId },
      ],
      ...(more !== '' && {
        quote: { text: more, language: 'en', locator: `${name.trim()}, more information` },
      }),
    },
    asserted_at,
    occurred: { from: day },
    places: [{ place_id: placeId, relation: 'at' as const }],
    place_precision: 1,
    proposition: {
      kind: 'control' as const,
      ...(holders[heldBy] as { controller_id: string | null; status: Status }),
      basis: 'assessed' as const,
    },
  };
  const claimId = `${prefix}:${slug.toLowerCase()}:${sha}`;
  return draftOf({ entries: [found], ...revise(entry, { claimId, asOf: day, heldBy, content }) });
}

/** The entry says `latest`: what is said by that for the first time, or again, and what no more. */
function revise(entry: Entry, latest: State): Pick<Draft, 'claims' | 'superseded'> {
  const { standing } = entry;
  if (standing.at(-1)?.heldBy !== latest.heldBy) entry.before = standing;
  const { claimId, asOf } = latest;
  const asserted_at = latest.content.asserted_at as string;
  const again = entry.before
    .filter((one) => one.asOf < asOf)
    .map((one) => ({
      ...one,
      claimId: `${claimId}:since-${one.asOf}`,
      content: { ...one.content, asserted_at },
    }));
  const lastBefore = entry.before.at(-1)?.asOf ?? '';
  const confirmed = standing.filter((one) => one.asOf > lastBefore && one.asOf < asOf);
  const now = [...again, ...confirmed, latest].map(
    (one) => standing.find((other) => isSame(one, other)) ?? one,
  );
  entry.standing = now;
  const by = (now.at(-1) as State).claimId;
  return {
    claims: now
      .filter((one) => !standing.includes(one))
      .map((one) => ({ id: one.claimId, content: one.content })),
    superseded: standing
      .filter((one) => !now.includes(one))
      .map((one) => ({ id: one.claimId, by, asserted_at })),
  };
}

function isSame(one: State, other: State): boolean {
  return one.asOf === other.asOf && one.heldBy === other.heldBy;
}

// `13 September 2022 18h31 UTC`.
function instantOf(text: string): string | undefined {
  const [, date = '', hour, minute] = /^(.+) ([01]\d|2[0-3])h([0-5]\d) UTC$/.exec(text) ?? [];
  const day = dayOf(date);
  return day && `${day}T${hour}:${minute}:00Z`;
}

// Each name has its own: what is no letter or digit of ASCII is written by its code.
function slugOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]/g, (char) =>
    char === ' ' ? '-' : `.${char.charCodeAt(0).toString(16)}.`,
  );
}
