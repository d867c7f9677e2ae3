/** Negotiations as they are asked for: the stance of each party, and the statement that set it. */
import { sql } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { negotiationEvents } from '../domain/negotiation.ts';
import { Attribution, code, Occurred, orNull } from '../domain/vocabulary.ts';
import { prepared } from '../pooled-client.ts';
import { type NegotiationBody, negotiations } from './negotiations.ts';
import { heldAt, heldByKey } from './rows.ts';
import { AsOf, type At } from './vintage.ts';

const types = Object.keys(negotiationEvents) as [keyof typeof negotiationEvents];

const Stance = Type.Object({
  party_id: Type.String(),
  counterpart_id: Type.String(),
  stance: code('open', 'conditional', 'no_prospect', 'rejected', 'suspended', 'ongoing'),
  stated_by: Type.String(),
  asserted_at: orNull(Type.String()),
  reason: Type.Optional(Type.String()),
  conditions: Type.Optional(Type.String()),
  event_id: Type.String(),
  position: Type.Integer(),
  statement: Type.Object(
    {
      type: code(...types),
      attribution: Attribution,
      occurred: orNull(Occurred),
      recorded_at: Type.String(),
    },
    { description: 'What set it: words of a party, or the course of the talks.' },
  ),
});

/** An item of GET /v1/negotiations. */
export const Negotiation = Type.Object({
  id: Type.String(),
  conflict_id: Type.String(),
  stances: Type.Array(Stance, { description: 'By party, then counterpart.' }),
});
export type Negotiation = Static<typeof Negotiation>;

/** GET /v1/negotiations/{id}. */
export const NegotiationAsOf = Type.Object({ ...Negotiation.properties, as_of: AsOf });

export type NegotiationQuery = {
  readonly conflict?: string;
  readonly limit: number;
  /** The key that the page before ended with. */
  readonly after?: string | undefined;
};

/** A page of negotiations, by id; `next` is the text of the cursor of the next one. */
export async function pageOfNegotiations(
  db: Db,
  { as_of, table }: At,
  { conflict, limit, after = 'negotiation-' }: NegotiationQuery,
): Promise<{ items: Negotiation[]; next: string | null }> {
  const { rows } = await sql<Row>`${prepared}
    select conflict_id, body from ${heldByKey(table(negotiations, 'negotiations'), {
      position: as_of.position,
      after,
      ...(conflict !== undefined && { conflict }),
    })} t order by key limit ${limit + 1}`.execute(db);
  const items = rows.slice(0, limit).map(negotiationOf);
  return { items, next: rows.length > limit ? `negotiation-${items.at(-1)?.id}` : null };
}

/** The negotiation as it stood at `at`; undefined if nothing was said of it. */
export async function findNegotiation(
  db: Db,
  { as_of, table }: At,
  id: string,
): Promise<Static<typeof NegotiationAsOf> | undefined> {
  const { rows } = await sql<Row>`${prepared}
    select conflict_id, body from ${sql.table(table(negotiations, 'negotiations'))} t
    where key = ${`negotiation-${id}`} and ${heldAt(as_of.position)}`.execute(db);
  return rows[0] && { ...negotiationOf(rows[0]), as_of };
}

type Row = { readonly conflict_id: string; readonly body: NegotiationBody };

function negotiationOf({ conflict_id, body }: Row): Negotiation {
  const said = new Map(body.words.map((word) => [word.id, word]));
  const stances = body.stances.flatMap((stance) => {
    const word = said.get(stance.event_id);
    if (word === undefined) return [];
    const { type, recorded_at, data } = word;
    const { attribution, occurred = null } = data;
    return [{ ...stance, statement: { type, attribution, occurred, recorded_at } }];
  });
  return { id: body.negotiation_id, conflict_id, stances };
}
