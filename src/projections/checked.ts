/** How far what a view shows of claims is checked, under which policy, and by whom. */
import { Type } from 'typebox';
import { claimEvents } from '../domain/claim.ts';
import { latestAssessments, verificationOfAll } from '../domain/verification.ts';
import { Verification } from './claim-shape.ts';
import type { KnownClaim } from './claim-tables.ts';

const { assessor_id, verdict } = claimEvents.ClaimAssessed.properties;

/** The members that `checkedOf` makes. */
export const checked = {
  verification: Verification.properties.status,
  verification_basis: Type.Object(
    { ...Type.Omit(Verification, ['status']).properties },
    { description: 'What the status was derived from, under which policy.' },
  ),
  assessments: Type.Array(Type.Object({ assessor_id, verdict }), {
    description: 'The latest verdict of each assessor.',
  }),
};

type Checked = Pick<KnownClaim, 'verification'> & {
  readonly state: Pick<KnownClaim['state'], 'assessments'>;
};

/** How far what these claims say together is checked. */
export function checkedOf(claims: readonly Checked[]) {
  const { status, ...verification_basis } = verificationOfAll(
    claims.map(({ verification }) => verification),
  );
  return { verification: status, verification_basis, assessments: assessmentsOf(claims) };
}

// The latest verdict of each assessor on each claim; the same one once.
function assessmentsOf(claims: readonly Checked[]) {
  const verdicts = claims.flatMap(({ state: { assessments } }) =>
    latestAssessments(assessments).map(({ assessor_id, verdict }) => ({ assessor_id, verdict })),
  );
  const distinct = new Map(verdicts.map((one) => [`${one.assessor_id} ${one.verdict}`, one]));
  return [...distinct.values()];
}
