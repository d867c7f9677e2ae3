/**
 * `control-revisions`: how the Wikipedia list of who holds the cities of Ukraine read over time, as
 * vi-enne scraped it. Each row is one entry of the list at one revision.
 *
 * A row that says what the entry said before (only its wording or white space changed) is no new
 * claim. One that says otherwise as of the same day, or as of an earlier one, takes back what the
 * list said before: that claim is superseded, for else "Ukraine, as of 10 September" would outlive
 * the revision that put "Russia, as of 30 May" back.
 */

import { dayOf, textOf } from './fields.ts';
import {
  actor,
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

/** What an entry of the list has said so far, oldest first, and what was not taken back. */
type Entry = { readonly revisions: Set<string>; standing: Standing[] };
type Standing = { readonly claimId: string; readonly asOf: string; readonly heldBy: string };

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
  const entry = entries.get(name) ?? { revisions: new Set(), standing: [] };
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
  const replaced = entry.standing.filter((one) => one.asOf >= day && one.heldBy !== heldBy);
  const same = entry.standing.find((one) => one.asOf === day && one.heldBy === heldBy);
  entry.standing = entry.standing.filter((one) => !replaced.includes(one));
  const claimId = same?.claimId ?? `${prefix}:${slug.toLowerCase()}:${sha}`;
  const superseded = replaced.map(({ claimId: id }) => ({ id, by: claimId }));
  if (same !== undefined) return draftOf({ entries: [found], superseded });
  entry.standing.push({ claimId, asOf: day, heldBy });
  const more = textOf(fields, 'more_information').replaceAll(/\s+/g, ' ');
  const content = {
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
  return draftOf({ entries: [found], claims: [{ id: claimId, content }], superseded });
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
