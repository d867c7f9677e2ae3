/**
 * One English sentence per event, for a reader of the timeline. Neutral words; the claimant named.
 */
import type { DataOf, EventType } from './catalogue.ts';
import type { Proposition } from './proposition.ts';
import { wordsOf } from './quantity-words.ts';

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
  ClaimSuperseded: ({ claim_id, by_claim_id, reason }) =>
    `Claim ${claim_id} was superseded by claim ${by_claim_id}${why(reason)}.`,
  ClaimLinked: ({ claim_id, relation, other_claim_id, reason }) =>
    `Claim ${claim_id} and claim ${other_claim_id} were linked: ${plain(relation)}` +
    `${stated('reason', reason)}.`,
  ClaimUnlinked: ({ claim_id, relation, other_claim_id, reason }) =>
    `Claim ${claim_id} and claim ${other_claim_id} are no longer linked: ${plain(relation)}` +
    `${stated('reason', reason)}.`,

  TroopsDeployed: ({ actor_id, to, basis, stated_purpose }, name) =>
    `${name('actor', actor_id)} deployed to ${all('place', to, name)} (${basis})` +
    `${stated('purpose', stated_purpose)}.`,
  TroopsWithdrew: ({ actor_id, from, basis, stated_purpose }, name) =>
    `${name('actor', actor_id)} withdrew from ${all('place', from, name)} (${basis})` +
    `${stated('purpose', stated_purpose)}.`,
  TroopsAdvanced: ({ actor_id, to, basis, stated_purpose }, name) =>
    `${name('actor', actor_id)} advanced to ${all('place', to, name)} (${basis})` +
    `${stated('purpose', stated_purpose)}.`,

  OperationDeclared: ({ attribution, actor_id, goal }, name) =>
    `${name('actor', attribution.claimant_id)} declares an operation of ` +
    `${name('actor', actor_id)}: ${withoutFullStop(goal)}.`,
  OperationGoalReaffirmed: ({ attribution, actor_id, goal }, name) =>
    `${name('actor', attribution.claimant_id)} says the operation of ${name('actor', actor_id)} ` +
    `goes on: ${withoutFullStop(goal)}.`,
  OperationGoalChanged: ({ attribution, actor_id, goal, stated_reason }, name) =>
    `${name('actor', attribution.claimant_id)} says the operation of ${name('actor', actor_id)} ` +
    `has another goal: ${withoutFullStop(goal)}${stated('reason', stated_reason)}.`,
  OperationEnded: ({ attribution, actor_id, stated_reason, outcome }, name) =>
    `${name('actor', attribution.claimant_id)} says the operation of ${name('actor', actor_id)} ` +
    `has ended${why(stated_reason)}${stated('outcome', outcome)}.`,

  NegotiationProposed: (data, name) => stance(data, name, 'proposes to negotiate'),
  NegotiationAccepted: (data, name) => stance(data, name, 'accepts to negotiate'),
  NegotiationRejected: (data, name) => stance(data, name, plain(data.stance)),
  NegotiationStarted: ({ negotiation_id, stated_reason }) =>
    `Negotiation ${negotiation_id} started${why(stated_reason)}.`,
  NegotiationSuspended: ({ negotiation_id, stated_reason }) =>
    `Negotiation ${negotiation_id} was suspended${why(stated_reason)}.`,
  NegotiationResumed: ({ negotiation_id, stated_reason }) =>
    `Negotiation ${negotiation_id} was resumed${why(stated_reason)}.`,
  NegotiationConcluded: ({ negotiation_id, outcome, stated_reason }) =>
    `Negotiation ${negotiation_id} was concluded: ${plain(outcome)}` +
    `${stated('reason', stated_reason)}.`,

  CeasefireAgreed: ({ agreement_id, parties, terms }, name) =>
    `${all('actor', parties, name)} agreed on ceasefire ${agreement_id}${why(terms)}.`,
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

function all(category: 'actor' | 'place', ids: readonly string[], name: NameOf): string {
  return ids.map((id) => name(category, id)).join(', ');
}

type Stance = {
  readonly attribution: { readonly claimant_id: string };
  readonly party_id: string;
  readonly counterpart_id: string;
  readonly proposal?: string;
  readonly stated_reason?: string;
  readonly conditions?: string;
};

function stance(data: Stance, name: NameOf, is: string): string {
  const { attribution, party_id, counterpart_id, proposal, stated_reason, conditions } = data;
  return (
    `${name('actor', attribution.claimant_id)} states the stance of ${name('actor', party_id)} ` +
    `towards ${name('actor', counterpart_id)}: ${is}${stated('proposal', proposal)}` +
    `${stated('reason', stated_reason)}${stated('conditions', conditions)}.`
  );
}

function plain(word: string): string {
  return word.replaceAll('_', ' ');
}

function why(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${withoutFullStop(reason)}`;
}

function stated(what: string, text: string | undefined): string {
  return text === undefined ? '' : `, stated ${what}: ${withoutFullStop(text)}`;
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
