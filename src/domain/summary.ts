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
  ActorRenamed: ({ actor_id, name }) => `Actor ${actor_id} is now named ${name}.`,
  PlaceRegistered: ({ name }) => `${name} is on record as a place.`,
  PlaceAliasAdded: ({ place_id, alias }, name) =>
    `${name('place', place_id)} is also named ${alias}.`,
  ReportPublished: ({ outlet_id, headline }, name) =>
    `${name('actor', outlet_id)} published “${headline}”.`,
  ReportCorrected: ({ report_id, reason }) => `Report ${report_id} was corrected${why(reason)}.`,
  ReportRetracted: ({ report_id, reason }) => `Report ${report_id} was retracted${why(reason)}.`,

  ClaimMade: ({ attribution, proposition, places = [] }, name) => {
    const where = places.map(({ place_id }) => name('place', place_id));
    return `${name('actor', attribution.claimant_id)} claims ${claimed(proposition, where, name)}.`;
  },
  ClaimRepeated: ({ claim_id, attribution }, name) =>
    `Claim ${claim_id} of ${name('actor', attribution.claimant_id)} was found in another source.`,
  ClaimAssessed: ({ assessor_id, verdict, claim_id }, name) =>
    `${name('actor', assessor_id)} assessed claim ${claim_id}: ${plain(verdict)}.`,
  ClaimCorrected: ({ claim_id, field, cause, reason }) =>
    `Claim ${claim_id} was corrected at ${field} (${plain(cause)})${why(reason)}.`,
  ClaimRetracted: ({ claim_id, reason }) => `Claim ${claim_id} was retracted${why(reason)}.`,
  ClaimSuperseded: ({ claim_id, by_claim_id }) =>
    `Claim ${claim_id} was superseded by claim ${by_claim_id}.`,
  ClaimLinked: ({ claim_id, relation, other_claim_id }) =>
    `Claim ${claim_id} and claim ${other_claim_id} were linked: ${plain(relation)}.`,
  ClaimUnlinked: ({ claim_id, relation, other_claim_id }) =>
    `Claim ${claim_id} and claim ${other_claim_id} are no longer linked: ${plain(relation)}.`,

  TroopsDeployed: ({ actor_id, to, basis, stated_purpose }, name) =>
    `${name('actor', actor_id)} deployed to ${all('place', to, name)} (${basis})` +
    `${purpose(stated_purpose)}.`,
  TroopsWithdrew: ({ actor_id, from, basis, stated_purpose }, name) =>
    `${name('actor', actor_id)} withdrew from ${all('place', from, name)} (${basis})` +
    `${purpose(stated_purpose)}.`,
  TroopsAdvanced: ({ actor_id, to, basis, stated_purpose }, name) =>
    `${name('actor', actor_id)} advanced to ${all('place', to, name)} (${basis})` +
    `${purpose(stated_purpose)}.`,

  OperationDeclared: ({ attribution, actor_id, goal }, name) =>
    `${name('actor', attribution.claimant_id)} declares an operation of ` +
    `${name('actor', actor_id)}: ${goal}.`,
  OperationGoalReaffirmed: ({ attribution, actor_id, goal }, name) =>
    `${name('actor', attribution.claimant_id)} says the operation of ${name('actor', actor_id)} ` +
    `goes on: ${goal}.`,
  OperationGoalChanged: ({ attribution, actor_id, goal }, name) =>
    `${name('actor', attribution.claimant_id)} says the operation of ${name('actor', actor_id)} ` +
    `has another goal: ${goal}.`,
  OperationEnded: ({ attribution, actor_id, stated_reason }, name) =>
    `${name('actor', attribution.claimant_id)} says the operation of ${name('actor', actor_id)} ` +
    `has ended${why(stated_reason)}.`,

  NegotiationProposed: (data, name) => `${stance(data, name)} proposes to negotiate.`,
  NegotiationAccepted: (data, name) => `${stance(data, name)} accepts to negotiate.`,
  NegotiationRejected: (data, name) => `${stance(data, name)} ${plain(data.stance)}.`,
  NegotiationStarted: ({ negotiation_id }) => `Negotiation ${negotiation_id} started.`,
  NegotiationSuspended: ({ negotiation_id, stated_reason }) =>
    `Negotiation ${negotiation_id} was suspended${why(stated_reason)}.`,
  NegotiationResumed: ({ negotiation_id }) => `Negotiation ${negotiation_id} was resumed.`,
  NegotiationConcluded: ({ negotiation_id, outcome }) =>
    `Negotiation ${negotiation_id} was concluded: ${plain(outcome)}.`,

  CeasefireAgreed: ({ agreement_id, parties }, name) =>
    `${all('actor', parties, name)} agreed on ceasefire ${agreement_id}.`,
  CeasefireViolated: ({ agreement_id, attribution, by_id }, name) =>
    `${name('actor', attribution.claimant_id)} says ${name('actor', by_id)} violated ceasefire ` +
    `${agreement_id}.`,
  CeasefireEnded: ({ agreement_id, stated_reason }) =>
    `Ceasefire ${agreement_id} ended${why(stated_reason)}.`,
  PrisonersExchanged: ({ returned }, name) => {
    const parts = returned.map((one) => `${name('actor', one.party_id)} ${wordsOf(one.quantity)}`);
    return `Prisoners were exchanged; returned: ${parts.join(', ')}.`;
  },
};

/** The sentence for an event of a catalogued type. */
export function summaryOf<T extends EventType>(type: T, data: DataOf<T>, name: NameOf): string {
  return summaries[type](data, name);
}

/** A quantity in words: "more than 300", "about 40 to 60 km2", with its unit only for measures. */
export function wordsOf(quantity: Quantity): string {
  const { unit } = quantity;
  const words = amountOf(quantity);
  return unit.startsWith('{') ? words : `${words} ${unit}`;
}

function amountOf({ qualifier, value, value_to, value_best }: Quantity): string {
  switch (qualifier) {
    case 'exact':
    case 'unspecified':
      return numeral(value);
    case 'approximately':
      return `about ${numeral(value)}`;
    case 'more_than':
      return `more than ${numeral(value)}`;
    case 'at_least':
      return `at least ${numeral(value)}`;
    case 'less_than':
      return `less than ${numeral(value)}`;
    case 'at_most':
      return `at most ${numeral(value)}`;
    case 'up_to':
      return `up to ${numeral(value)}`;
    case 'between': {
      const best = value_best === undefined ? '' : `, at best estimate ${numeral(value_best)}`;
      return `between ${numeral(value)} and ${numeral(value_to)}${best}`;
    }
    case 'vague':
      return 'an unstated number of';
  }
}

const numerals = new Intl.NumberFormat('en-GB');

function numeral(n: number | undefined): string {
  return numerals.format(n ?? 0);
}

function all(category: 'actor' | 'place', ids: readonly string[], name: NameOf): string {
  return ids.map((id) => name(category, id)).join(', ');
}

function stance(
  data: { attribution: { claimant_id: string }; party_id: string; counterpart_id: string },
  name: NameOf,
): string {
  const { attribution, party_id, counterpart_id } = data;
  return (
    `${name('actor', attribution.claimant_id)} states the stance of ${name('actor', party_id)} ` +
    `towards ${name('actor', counterpart_id)}:`
  );
}

function plain(word: string): string {
  return word.replaceAll('_', ' ');
}

function why(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${withoutFullStop(reason)}`;
}

function purpose(stated: string | undefined): string {
  return stated === undefined ? '' : `, stated purpose: ${withoutFullStop(stated)}`;
}

function withoutFullStop(text: string): string {
  return text.replace(/\.$/, '');
}

function claimed(proposition: Proposition, where: readonly string[], name: NameOf): string {
  const by = (id: string) => name('actor', id);
  const at = where.length === 0 ? '' : ` at ${where.join(', ')}`;
  switch (proposition.kind) {
    case 'casualties': {
      const { quantity, side_id, category, outcome } = proposition;
      const people = category === 'unknown' ? 'people' : `${category} people`;
      const happened = plain(outcome);
      return `${wordsOf(quantity)} ${people} of ${name('actor', side_id)} ${happened}${at}`;
    }
    case 'control': {
      const controller = proposition.controller_id ? by(proposition.controller_id) : 'no one';
      const { status, basis } = proposition;
      return `${where.join(', ')}: ${status}, controller ${controller} (${basis})`;
    }
    case 'equipment_losses': {
      const { quantity, side_id, equipment_class } = proposition;
      const lost = `${wordsOf(quantity)} ${plain(equipment_class)}`;
      return `losses of ${name('actor', side_id)}: ${lost}${at}`;
    }
    case 'area_control':
      return `${wordsOf(proposition.quantity)} under ${by(proposition.controller_id)}${at}`;
    case 'settlements_taken':
      return `${wordsOf(proposition.quantity)} settlements taken by ${by(proposition.by_id)}${at}`;
    case 'attack':
      return `an attack (${proposition.form}) by ${by(proposition.attacker_id)}${at}`;
    case 'statement':
      return `that ${withoutFullStop(proposition.text)}`;
  }
}
