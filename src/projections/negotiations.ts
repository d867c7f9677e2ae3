/** Negotiations: the stance of each party, and the statement that set it. */
import { sql } from 'kysely';
import type { Db } from '../db.ts';
import { type NegotiationEvent, negotiationEvents } from '../domain/negotiation.ts';
import type { Recorded } from '../domain/recorded.ts';
import { type StanceOfParty, stancesOf, wordsThatCount } from '../domain/stance.ts';
import { prepared } from '../pooled-client.ts';
import type { Projection } from './projection.ts';
import { heldByKey } from './rows.ts';
import type { At } from './vintage.ts';

type Word = Recorded<NegotiationEvent>;
export type Negotiation = {
  readonly negotiation_id: string;
  readonly stances: readonly StanceOfParty[];
};
/** Body of a row. */
export type NegotiationBody = Negotiation & { readonly words: readonly Word[] };

/** A row per negotiation, by its stream, with the words that can still matter to its stances. */
export const negotiations: Projection = {
  name: 'negotiations',
  version: 1,
  types: Object.keys(negotiationEvents),
  tables: {
    negotiations: { columns: { conflict_id: 'text' }, indexes: ['conflict_id, key'] },
  },
  hint: ({ stream }, want) => want('negotiations', stream),
  project(event, { negotiations }) {
    const { type, id, position, version, recorded_at, data } = event;
    const word = { type, id, position, version, recorded_at, data } as Word;
    const before = negotiations?.get(event.stream)?.body as NegotiationBody | undefined;
    const words = wordsThatCount([...(before?.words ?? []), word]);
    if (!words.includes(word)) return;
    const { negotiation_id, conflict_id } = word.data;
    const body: NegotiationBody = { negotiation_id, stances: stancesOf(words), words };
    negotiations?.put(event.stream, { conflict_id, body });
  },
};

/** The negotiations of a conflict, by id. */
export async function listNegotiations(
  db: Db,
  { as_of, table }: At,
  conflictId: string,
): Promise<Negotiation[]> {
  const { rows } = await sql<Negotiation>`${prepared}
    select body->>'negotiation_id' as negotiation_id, body->'stances' as stances
    from ${heldByKey(table(negotiations, 'negotiations'), {
      position: as_of.position,
      conflict: conflictId,
    })} t order by key`.execute(db);
  return rows;
}
