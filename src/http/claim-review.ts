/**
 * A claim as JSON-LD for search engines and fact-check databases: a ClaimReview of schema.org for
 * each assessment (https://schema.org/ClaimReview). What the vocabulary has no word for, how the
 * claim stands here, has terms of our own in the same object.
 */
import { type Static, type TSchema, Type } from 'typebox';
import type { Db } from '../db.ts';
import { summaryOf } from '../domain/summary.ts';
import type { Verdict } from '../domain/verification.ts';
import { actorsOf } from '../projections/claim-columns.ts';
import type { ClaimAsOf } from '../projections/claim-list.ts';
import { readEntries } from '../projections/register-entries.ts';
import type { At } from '../projections/vintage.ts';
import type { Form } from './one.ts';

type Claim = Static<typeof ClaimAsOf>;

/**
 * The rating of each verdict, from 1 (false) to 5 (true), the scale that readers of ClaimReview
 * use. Who could not verify a claim rated nothing: there is a name for that and no number.
 */
export const ratings: Readonly<Record<Verdict, { name: string; value?: number }>> = {
  refuted: { name: 'Refuted', value: 1 },
  disputed: { name: 'Disputed', value: 2 },
  could_not_verify: { name: 'Could not be verified' },
  corroborated: { name: 'Corroborated', value: 4 },
  verified: { name: 'Verified', value: 5 },
};

/** JSON-LD of a claim; names of actors and places are as they were known at the same moment. */
export function claimReviewForm(db: Db): Form<Claim> {
  return { type: 'application/ld+json', schema, make: (claim, at) => graphOf(db, claim, at) };
}

async function graphOf(db: Db, claim: Claim, at: At): Promise<object> {
  const assessors = claim.assessments.map(({ assessor_id }) => assessor_id);
  const { proposition } = claim;
  const named = [claim.claimant_id, ...assessors, ...actorsOf(proposition)];
  const actors = await readEntries(db, at, 'actor', named);
  const placeIds = claim.places.map(({ place_id }) => place_id);
  const places = await readEntries(db, at, 'place', placeIds);
  const known = { actor: actors, place: places };
  const nameOf = (category: 'actor' | 'place', id: string) =>
    (known[category].get(id)?.name as string | undefined) ?? id;
  const agent = (id: string) => ({
    '@type': actors.get(id)?.kind === 'official' ? 'Person' : 'Organization',
    identifier: id,
    name: nameOf('actor', id),
  });
  const { id, conflict_id, attribution } = claim;
  const text = summaryOf(
    'ClaimMade',
    { claim_id: id, conflict_id, attribution, proposition, places: claim.places },
    nameOf,
  );
  const reviewed = {
    '@type': 'Claim',
    identifier: id,
    author: agent(claim.claimant_id),
    ...(claim.asserted_at !== null && { datePublished: claim.asserted_at }),
    text,
    ...(attribution.quote && {
      abstract: { '@value': attribution.quote.text, '@language': attribution.quote.language },
    }),
    verification: claim.verification.status,
    lifecycle: claim.lifecycle,
  };
  const reviews = claim.assessments.map(({ assessor_id, verdict, asserted_at, position }) => ({
    '@type': 'ClaimReview',
    identifier: `${id}@${position}`,
    author: agent(assessor_id),
    ...(asserted_at !== null && { datePublished: asserted_at }),
    claimReviewed: text,
    reviewRating: ratingOf(verdict),
    itemReviewed: reviewed,
  }));
  // A claim that nobody assessed is a claim all the same.
  return { '@context': context, '@graph': reviews.length === 0 ? [reviewed] : reviews };
}

const context = [
  'https://schema.org',
  { verification: 'urn:frontlog:verification', lifecycle: 'urn:frontlog:lifecycle' },
];

function ratingOf(verdict: Verdict): object {
  const { name, value } = ratings[verdict];
  const number = value === undefined ? {} : { ratingValue: value, bestRating: 5, worstRating: 1 };
  return { '@type': 'Rating', alternateName: name, ...number };
}

const Agent = Type.Object({
  '@type': Type.String({ enum: ['Person', 'Organization'] }),
  identifier: Type.String(),
  name: Type.String(),
});
const Reviewed = Type.Object({
  '@type': Type.Literal('Claim'),
  identifier: Type.String(),
  author: Agent,
  datePublished: Type.Optional(Type.String()),
  text: Type.String(),
  abstract: Type.Optional(Type.Unknown()),
  verification: Type.String(),
  lifecycle: Type.String(),
});
const Review = Type.Object({
  '@type': Type.Literal('ClaimReview'),
  identifier: Type.String(),
  author: Agent,
  datePublished: Type.Optional(Type.String()),
  claimReviewed: Type.String(),
  reviewRating: Type.Object({
    '@type': Type.Literal('Rating'),
    alternateName: Type.String(),
    ratingValue: Type.Optional(Type.Integer({ minimum: 1, maximum: 5 })),
    bestRating: Type.Optional(Type.Literal(5)),
    worstRating: Type.Optional(Type.Literal(1)),
  }),
  itemReviewed: Reviewed,
});
const schema: TSchema = Type.Object(
  {
    '@context': Type.Array(Type.Unknown()),
    '@graph': Type.Array(Type.Union([Review, Reviewed])),
  },
  {
    description:
      'A schema.org ClaimReview for each assessment; the Claim alone where there is none. ' +
      'Ratings: refuted 1, disputed 2, corroborated 4, verified 5 of 5; who could not verify ' +
      'a claim gives no number. Nothing is 3: no verdict is half true.',
  },
);
