/** Claims and the war status as of any position = what the domain makes of the log up to there. */
import { deepStrictEqual as deepEqual } from 'node:assert';
import fc from 'fast-check';
import { sql } from 'kysely';
import t from 'tap';
import type { Db } from '../../src/db.ts';
import { casualtyTallies } from '../../src/domain/casualties.ts';
import { upcast } from '../../src/domain/catalogue.ts';
import type { ClaimEvent } from '../../src/domain/claim.ts';
import { type ClaimState, claimStateOf } from '../../src/domain/claim-state.ts';
import { claimSubjectOf } from '../../src/domain/claim-subject.ts';
import { controlOf, inTime } from '../../src/domain/control.ts';
import { stands } from '../../src/domain/lifecycle.ts';
import { bySaidAt, type Recorded, validFromMs } from '../../src/domain/recorded.ts';
import { isAdverseAdmission } from '../../src/domain/sides.ts';
import { verificationOfAll, verificationOfClaim } from '../../src/domain/verification.ts';
import type { RecordedEvent } from '../../src/eventstore/event-store.ts';
import type { KnownClaim } from '../../src/projections/claim-tables.ts';
import { claims } from '../../src/projections/claims.ts';
import { prepareProjection } from '../../src/projections/generations.ts';
import { knownClaim, type ToldClaim, tellingClaim } from '../../src/projections/known-claims.ts';
import { pagesOf } from '../../src/projections/pages.ts';
import { projectBatch } from '../../src/projections/projector.ts';
import { dropTables, heldAt } from '../../src/projections/rows.ts';
import type { At } from '../../src/projections/vintage.ts';
import { warStatusOf, warStatusSources } from '../../src/projections/war-status.ts';
import type { WarStatus } from '../../src/projections/war-status-view.ts';
import { freshStore } from '../db.ts';
import { conflict_id, places, sides, someClaimsLog } from './claim-histories.ts';
import { asOf, putLog, storeOf } from './histories.ts';

/** The claims of a log, as the domain folds them. */
function statesOf(log: readonly RecordedEvent[]): ClaimState[] {
  const events = log.filter(({ stream }) => stream.startsWith('claim-'));
  return [...Map.groupBy(events, ({ stream }) => stream).values()].map((ofClaim) => {
    return claimStateOf(ofClaim.map((one) => upcast(one) as unknown as Recorded<ClaimEvent>));
  }) as ClaimState[];
}

const idOf = ({ current }: ClaimState) => current.claim_id;
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
const byJson = (items: readonly unknown[]) => items.map((one) => JSON.stringify(one)).sort();

function verifiedOf(state: ClaimState, states: readonly ClaimState[]) {
  const isAdverse = isAdverseAdmission(state.current, sides);
  const others = states.filter((other) => other !== state);
  return { is_adverse: isAdverse, verification: verificationOfClaim(state, others, isAdverse) };
}

async function compareRows(db: Db, at: At, states: readonly ClaimState[]): Promise<void> {
  const { rows } = await sql<{ verification: string } & ToldClaim>`
    select verification, ${tellingClaim('t')} from ${sql.table(at.table(claims, 'claims'))} t
    where ${heldAt(at.as_of.position)} order by key`.execute(db);
  const expected = states.map((state) => ({
    state,
    ...verifiedOf(state, states),
    linked_by: states.flatMap((other) =>
      other.links
        .filter((link) => link.claim_id === idOf(state))
        .map(({ relation }) => ({ relation, claim_id: idOf(other) })),
    ),
  }));
  const sorted = (known: readonly KnownClaim[]) =>
    byJson(known.map((one) => plain({ ...one, linked_by: byJson(one.linked_by) })).map(ordered));
  deepEqual(sorted(rows.map(knownClaim)), sorted(expected));
  for (const row of rows) deepEqual(row.verification, knownClaim(row).verification.status);
}

// Members in one order, at any depth.
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, ordered(member)] as const);
  return Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the status has to say of these claims. */
function expectedOf(states: readonly ClaimState[], validAt: string | undefined) {
  const standing = states.filter(stands);
  const ofKind = (...kinds: string[]) =>
    standing.filter(({ current }) => kinds.includes(current.proposition.kind));
  const timed = ({ current, position }: ClaimState) => ({ ...current, position });
  const lastOf = (group: readonly ClaimState[], order: (a: ClaimState, b: ClaimState) => number) =>
    [...Map.groupBy(group, ({ current }) => JSON.stringify(claimSubjectOf(current))).values()]
      .flatMap((same) => idOf(same.toSorted(order).at(-1) as ClaimState))
      .sort();
  const bySaid = (a: ClaimState, b: ClaimState) => bySaidAt(timed(a), timed(b));
  const combined = ofKind('control').filter(({ current }) => {
    const subject = claimSubjectOf(current);
    const fromMs = validFromMs(current);
    const isSo =
      validAt === undefined || (Number.isFinite(fromMs) && fromMs <= Date.parse(validAt));
    return subject?.kind === 'control' && subject.place_id === null && isSo;
  });
  const counts = (of: (state: ClaimState) => string) =>
    Object.fromEntries([...Map.groupBy(states, of)].map(([name, { length }]) => [name, length]));
  return ordered({
    control: places.flatMap((place) => {
      const { statements, agreement } = controlOf(place, standing, {
        partOf: sides.partOf,
        ...(validAt !== undefined && { validAt }),
      });
      const shown = statements.map(({ claim_id }) => claim_id);
      return shown.length === 0 ? [] : { place, shown, agreement };
    }),
    combined: lastOf(combined, inTime),
    areas: lastOf(ofKind('area_control', 'settlements_taken'), bySaid),
    equipment: lastOf(ofKind('equipment_losses'), bySaid),
    casualties: byJson(
      casualtyTallies(states).flatMap(({ claim_ids, not_added, quantity, measure, since }) => {
        if (claim_ids.length === 0) return [];
        const counted = states.filter((state) => claim_ids.includes(idOf(state)));
        const parts = counted.map((state) => verifiedOf(state, states).verification);
        const { low, best, high } = quantity;
        const { status } = verificationOfAll(parts);
        const left = byJson(not_added.map(ordered));
        return ordered({ claim_ids, left, low, best, high, measure, since, status });
      }),
    ),
    claims: {
      total: states.length,
      by_lifecycle: counts(({ lifecycle }) => lifecycle),
      by_verification: counts((state) => verifiedOf(state, states).verification.status),
    },
  });
}

function compareStatus(
  status: WarStatus | undefined,
  states: readonly ClaimState[],
  validAt: string | undefined,
): void {
  if (status === undefined) throw new Error('the conflict is there from the start');
  const ids = (said: readonly { claim_id: string }[]) => said.map(({ claim_id }) => claim_id);
  const answer = {
    control: status.control
      .map(({ place_id, statements, agreement }) => {
        return { place: place_id, shown: ids(statements), agreement };
      })
      .toSorted((a, b) => (a.place < b.place ? -1 : 1)),
    combined: ids(status.combined_control).sort(),
    areas: ids(status.areas).sort(),
    equipment: status.equipment_losses.flatMap(({ by_claimant }) => ids(by_claimant)).sort(),
    casualties: byJson(
      status.casualties.flatMap(({ by_claimant }) =>
        by_claimant.map(({ claim_ids, not_added = [], quantity, ...said }) => {
          const { low, best, high } = quantity;
          const { measure, since, verification: status } = said;
          const left = byJson(not_added.map(ordered));
          return ordered({ claim_ids, left, low, best, high, measure, since, status });
        }),
      ),
    ),
    claims: status.claims,
  };
  deepEqual(ordered(answer), expectedOf(states, validAt));
}

// Seen to fail: with the claims that are linked with a changed one left as they were, with a slot
// that is not raised by a correction, with sums remembered by their key alone, with retracted
// claims not passed over, and with links counted from one end.
t.test('claims and status as of any position = the domain on the log up to it', async (t) => {
  const { db } = await freshStore(t);
  let compared = 0;
  const moments = [null, '2022-09-11T00:00:00Z', '2022-09-12T05:00:00Z'] as const;
  const property = fc.asyncProperty(someClaimsLog, fc.nat(40), async (log, batch) => {
    await putLog(db, log);
    for (const projection of warStatusSources) {
      await prepareProjection(db, projection);
      const pages = pagesOf(storeOf(log));
      for (let through = batch + 1; ; through += batch + 1) {
        await projectBatch(db, projection, pages, { through });
        if (through >= log.length) break;
      }
    }
    const findWarStatus = warStatusOf(db);
    const registered = log.findIndex(({ type }) => type === 'ConflictRegistered') + 1;
    for (let position = registered; position <= log.length; position += 2) {
      const states = statesOf(log.slice(0, position));
      const at = asOf(1, position, moments[position % moments.length]);
      await compareRows(db, at, states);
      const status = await findWarStatus(at, conflict_id);
      compareStatus(status, states, at.as_of.valid_at ?? undefined);
      compared += 1;
    }
    for (const projection of warStatusSources) {
      await db.deleteFrom('projections').where('name', '=', projection.name).execute();
      await dropTables(db, projection, 1);
    }
  });
  await fc.assert(property, { numRuns: 12 });
  t.ok(compared > 150, `${compared} positions were compared`);
});
