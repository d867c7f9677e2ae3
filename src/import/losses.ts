/**
 * What two transcriptions of the same bulletins share: the General Staff of Ukraine on the losses
 * of Russia since 24 February 2022, as totals. Each transcription is its own claims, all of the one
 * claimant, so that where they differ it is seen.
 */
import type { Context, DraftClaim, Said } from './importer.ts';
import { actor } from './importer.ts';

export const warId = 'russia-ukraine-2022';
const claimantId = 'ua-general-staff';
const firstDay = '2022-02-24';

export const parties: readonly Said[] = [
  actor('ru', 'state', 'Russia'),
  actor('ua', 'state', 'Ukraine'),
];
export const war: Said = {
  type: 'ConflictRegistered',
  id: warId,
  data: {
    name: 'Russia and Ukraine, from February 2022',
    parties: ['ru', 'ua'],
    started: firstDay,
  },
};
export const bulletinEntries: readonly Said[] = [
  ...parties,
  actor('ua-armed-forces', 'armed_force', 'Armed Forces of Ukraine', { part_of: 'ua' }),
  actor(claimantId, 'armed_force', 'General Staff of the Armed Forces of Ukraine', {
    part_of: 'ua-armed-forces',
  }),
  war,
];

type Hop = { actor_id: string; role: 'relay' | 'publisher'; report_id: string };
type Measured = 'exact' | 'unspecified' | 'approximately' | 'more_than';

/** Claims of a bulletin of `day`, found through `hops`. */
export function bulletin({ conflictId = warId }: Context, day: string, hops: readonly Hop[]) {
  const said = (id: string, proposition: DraftClaim['content']['proposition']): DraftClaim => ({
    id,
    content: {
      conflict_id: conflictId,
      attribution: {
        claimant_id: claimantId,
        chain: [{ actor_id: claimantId, role: 'originator' }, ...hops],
      },
      asserted_at: day,
      proposition,
    },
  });
  const total = (value: number, unit: string, qualifier: Measured) => ({
    value,
    qualifier,
    unit,
    measure: 'cumulative' as const,
    period: { from: firstDay, to: day },
  });
  return {
    said,
    equipment: (id: string, equipment_class: string, value: number) =>
      said(id, {
        kind: 'equipment_losses',
        side_id: 'ru',
        equipment_class,
        quantity: total(value, '{item}', 'unspecified'),
      }),
    people: (
      id: string,
      outcome: 'killed_or_wounded' | 'captured',
      value: number,
      qualifier: Measured,
    ) =>
      said(id, {
        kind: 'casualties',
        side_id: 'ru',
        category: 'military',
        outcome,
        quantity: total(value, '{person}', qualifier),
      }),
  };
}

/** Whether a value is a count; what is wrong with it otherwise. */
export function countFault(column: string, value: unknown): string | undefined {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return undefined;
  return `${column} is ${JSON.stringify(value)}, which is no count`;
}
