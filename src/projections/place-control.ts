/** Who controls a place, as each claimant says: now, as of any moment of three, and all along. */
import type { Db } from '../db.ts';
import {
  type ControlStatement,
  controlHistoryOf,
  controlOf,
  notOfPlaceReasons,
} from '../domain/control.ts';
import { saidAtMs, validFromMs } from '../domain/recorded.ts';
import { checkedOf } from './checked.ts';
import { actorsOf } from './claim-columns.ts';
import {
  type ControlClaim,
  readCounting,
  readElsewhere,
  readStating,
  type StatedCursor,
} from './control-claims.ts';
import { type LogParts, readSaidBy } from './control-said.ts';
import { markedBy, markOf } from './moments.ts';
import { type Control, notOfPlaceMax } from './place-control-view.ts';
import { findEntry } from './register-entries.ts';
import { readPartOf } from './sides.ts';
import type { At } from './vintage.ts';

export type Asked = {
  /** As of what had been said then. */
  readonly said_at?: string | undefined;
  /** The page of the history that is wanted; undefined for none. */
  readonly history?:
    | { readonly after?: StatedCursor | undefined; readonly limit: number }
    | undefined;
};

/**
 * Control of a place, or undefined if there is no such place; `next` is the text of the cursor of
 * the history's next page.
 */
export async function findControl(
  parts: LogParts,
  at: At,
  placeId: string,
  { said_at, history }: Asked,
): Promise<{ body: Omit<Control, 'next_cursor'>; next: string | null } | undefined> {
  const entry = await findEntry(parts.db, at, 'place', placeId);
  if (entry === undefined) return undefined;
  const { as_of, ...place } = entry;
  const source =
    said_at === undefined
      ? fromTables(parts.db, at, placeId)
      : await fromLog(parts, at, placeId, said_at);
  const body = {
    place: place as Control['place'],
    as_of: { ...as_of, said_at: said_at ?? null },
    ...(await statedAmong(parts.db, at, placeId, await source.about())),
  };
  if (history === undefined) return { body, next: null };
  const { after, limit } = history;
  const page = await source.stating(after, limit + 1);
  const last = page.length > limit ? page[limit - 1] : undefined;
  const shown = controlHistoryOf(placeId, page.slice(0, limit));
  return {
    body: { ...body, history: shown.map(statedOf) },
    next: last === undefined ? null : placeInHistory(last).map(markOf).join('~'),
  };
}

/** What the text of a cursor of a history names; undefined if it names nothing. */
export function statedAfter(text: string): StatedCursor | undefined {
  const [validMs, saidMs, position, ...others] = text.split('~').map(markedBy);
  if (validMs === undefined || saidMs === undefined || position === undefined) return undefined;
  if (others.length > 0 || !Number.isFinite(position)) return undefined;
  return { validMs, saidMs, position };
}

/** Where claims are read: those that matter for what is so, and all that state it, in order. */
type Source = {
  about(): Promise<ControlClaim[]>;
  stating(after: StatedCursor | undefined, limit: number): Promise<ControlClaim[]>;
};

function fromTables(db: Db, at: At, placeId: string): Source {
  return {
    about: async () => [
      ...(await readCounting(db, at, placeId)),
      ...(await readElsewhere(db, at, placeId, notOfPlaceMax)),
    ],
    stating: (after, limit) => readStating(db, at, placeId, { after, limit }),
  };
}

async function fromLog(parts: LogParts, at: At, placeId: string, said: string): Promise<Source> {
  const all = await readSaidBy(parts, at, placeId, said);
  return {
    about: async () => all,
    async stating(after, limit) {
      const history = controlHistoryOf(placeId, all).map(({ claim }) => claim);
      const rest = after === undefined ? history : history.filter((one) => isAfter(one, after));
      return rest.slice(0, limit);
    },
  };
}

async function statedAmong(db: Db, at: At, placeId: string, about: readonly ControlClaim[]) {
  const controllers = about.flatMap(({ current }) => actorsOf(current.proposition));
  const partOf = await readPartOf(db, at, controllers);
  const validAt = at.as_of.valid_at ?? undefined;
  const { statements, agreement, not_of_place } = controlOf(placeId, about, { partOf, validAt });
  const known = new Map(about.map((claim) => [claim.current.claim_id, claim]));
  return {
    statements: statements.map((one) => shownOf(one, known.get(one.claim_id) as ControlClaim)),
    agreement,
    not_of_place: not_of_place.slice(-notOfPlaceMax).map((one) => ({
      ...one,
      description: notOfPlaceReasons[one.reason],
    })),
  };
}

function shownOf(statement: ControlStatement, claim: ControlClaim) {
  return { ...statement, ...checkedOf([{ state: claim, verification: claim.verification }]) };
}

function statedOf({ statement, claim }: { statement: ControlStatement; claim: ControlClaim }) {
  const { lifecycle, recorded_at, position } = claim;
  return { ...shownOf(statement, claim), lifecycle, recorded_at, position };
}

function placeInHistory({ current, position }: ControlClaim): [number, number, number] {
  return [validFromMs(current), saidAtMs(current), position];
}

function isAfter(claim: ControlClaim, { validMs, saidMs, position }: StatedCursor): boolean {
  const [valid, said, made] = placeInHistory(claim);
  if (valid !== validMs) return valid > validMs;
  return said === saidMs ? made > position : said > saidMs;
}
