/**
 * One English sentence per event, for a reader of the timeline. Neutral words; the claimant named.
 */
import type { DataOf, EventType } from './catalogue.ts';
import type { Proposition } from './proposition.ts';
import type { Quantity } from './quantity.ts';

/** The name of an actor or place by its id; the id itself where no name is known. */
export type NameOf = (category: 'actor' | 'place', id: string) => string;

type Summaries = { readonly [T in EventType]: (data: DataOf<T>, name: NameOf) => string };

const summaries: Summaries = {
  ConflictRegistered: ({ name }) => `${name} is on record as a conflict.`,
  ActorRegistered: ({ name }) => `${name} is on record as an actor.`,
  PlaceRegistered: ({ name }) => `${name} is on record as a place.`,
  ReportPublished: ({ outlet_id, headline }, name) =>
    `${name('actor', outlet_id)} published “${headline}”.`,
  ClaimMade: ({ attribution, proposition, places = [] }, name) => {
    const where = places.map(({ place_id }) => name('place', place_id));
    return `${name('actor', attribution.claimant_id)} claims ${claimed(proposition, where, name)}.`;
  },
  ClaimAssessed: ({ assessor_id, verdict, claim_id }, name) =>
    `${name('actor', assessor_id)} assessed claim ${claim_id}: ${verdict.replaceAll('_', ' ')}.`,
  TroopsWithdrew: ({ actor_id, from, basis, stated_purpose }, name) => {
    const places = from.map((id) => name('place', id)).join(', ');
    const purpose = stated_purpose === undefined ? '' : `, stated purpose: ${stated_purpose}`;
    return `${name('actor', actor_id)} withdrew from ${places} (${basis})${purpose}.`;
  },
  OperationGoalReaffirmed: ({ attribution, actor_id, goal }, name) =>
    `${name('actor', attribution.claimant_id)} says the operation of ${name('actor', actor_id)} ` +
    `goes on: ${goal}.`,
  NegotiationRejected: ({ attribution, party_id, counterpart_id, stance }, name) =>
    `${name('actor', attribution.claimant_id)} states the stance of ${name('actor', party_id)} ` +
    `towards ${name('actor', counterpart_id)}: ${stance.replaceAll('_', ' ')}.`,
};

/** The sentence for an event of a catalogued type. */
export function summaryOf<T extends EventType>(type: T, data: DataOf<T>, name: NameOf): string {
  return summaries[type](data, name);
}

/** A quantity in words: "more than 300", "about 40 to 60 km2", with its unit only for measures. */
export function wordsOf({ qualifier, value, value_to, unit }: Quantity): string {
  const number = (n: number | undefined) => (n ?? 0).toLocaleString('en-GB');
  const words: Record<Quantity['qualifier'], string> = {
    exact: number(value),
    unspecified: number(value),
    approximately: `about ${number(value)}`,
    more_than: `more than ${number(value)}`,
    at_least: `at least ${number(value)}`,
    less_than: `less than ${number(value)}`,
    at_most: `at most ${number(value)}`,
    up_to: `up to ${number(value)}`,
    between: `between ${number(value)} and ${number(value_to)}`,
    vague: 'an unstated number of',
  };
  return unit.startsWith('{') ? words[qualifier] : `${words[qualifier]} ${unit}`;
}

function claimed(proposition: Proposition, where: readonly string[], name: NameOf): string {
  const by = (id: string) => name('actor', id);
  const at = where.length === 0 ? '' : ` at ${where.join(', ')}`;
  switch (proposition.kind) {
    case 'casualties': {
      const { quantity, side_id, category, outcome } = proposition;
      const people = category === 'unknown' ? 'people' : `${category} people`;
      const happened = outcome.replaceAll('_', ' ');
      return `${wordsOf(quantity)} ${people} of ${name('actor', side_id)} ${happened}${at}`;
    }
    case 'control': {
      const controller = proposition.controller_id ? by(proposition.controller_id) : 'no one';
      const { status, basis } = proposition;
      return `${where.join(', ')}: ${status}, controller ${controller} (${basis})`;
    }
    case 'area_control':
      return `${wordsOf(proposition.quantity)} under ${by(proposition.controller_id)}${at}`;
    case 'settlements_taken':
      return `${wordsOf(proposition.quantity)} settlements taken by ${by(proposition.by_id)}${at}`;
    case 'attack':
      return `an attack (${proposition.form}) by ${by(proposition.attacker_id)}${at}`;
    case 'statement':
      return `that ${proposition.text.replace(/\.$/, '')}`;
  }
}
