/** What has become of a claim: its assessments, and its place in its life. */
import type { DataOf, EventType } from '../domain/catalogue.ts';
import type { ClaimAssessed } from '../domain/claim.ts';
import { type Lifecycle, stronger } from '../domain/lifecycle.ts';
import { verificationOf } from '../domain/verification.ts';
import type { Fact } from './projection.ts';

export type Standing = {
  readonly assessments: readonly ClaimAssessed[];
  readonly verification: ReturnType<typeof verificationOf>['status'];
  readonly lifecycle: Lifecycle;
};

type Changes = {
  readonly [T in EventType]?: (standing: Standing, data: DataOf<T>) => Partial<Standing>;
};

const changes: Changes = {
  ClaimAssessed: (standing, data) => {
    const assessments = [...standing.assessments, data];
    return { assessments, verification: verificationOf(assessments).status };
  },
  ClaimCorrected: ({ lifecycle }) => ({ lifecycle: stronger(lifecycle, 'corrected') }),
  ClaimSuperseded: ({ lifecycle }) => ({ lifecycle: stronger(lifecycle, 'superseded') }),
  ClaimRetracted: () => ({ lifecycle: 'retracted' }),
};

/** The standing after an event of the claim's stream; the same object where nothing changes. */
export function standingAfter(before: Standing | undefined, event: Fact): Standing {
  if (event.type === 'ClaimMade') {
    return { assessments: [], verification: verificationOf([]).status, lifecycle: 'active' };
  }
  if (before === undefined) throw new Error(`${event.stream} was never made`);
  const change = changes[event.type] as Changes['ClaimAssessed'];
  return change === undefined ? before : { ...before, ...change(before, event.data as never) };
}
