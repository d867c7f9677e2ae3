/** What has become of a claim: its assessments, its place in its life, what it says by now. */
import type { DataOf, EventType } from '../domain/catalogue.ts';
import type { ClaimAssessed, ClaimMade } from '../domain/claim.ts';
import { corrected } from '../domain/correction.ts';
import { deriveBounds, withoutBounds } from '../domain/quantity.ts';
import { verificationOf } from '../domain/verification.ts';
import type { Fact } from './projection.ts';

export const lifecycles = ['active', 'corrected', 'superseded', 'retracted'] as const;
export type Lifecycle = (typeof lifecycles)[number];

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
  ClaimCorrected: ({ lifecycle }) => ({ lifecycle: laterOf(lifecycle, 'corrected') }),
  ClaimSuperseded: ({ lifecycle }) => ({ lifecycle: laterOf(lifecycle, 'superseded') }),
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

/** What a claim says after a correction; bounds follow from what is said. */
export function claimAfter(made: ClaimMade, correction: DataOf<'ClaimCorrected'>): ClaimMade {
  const { proposition, ...claim } = corrected(made, correction) as ClaimMade;
  if (!('quantity' in proposition)) return { ...claim, proposition };
  const quantity = deriveBounds(withoutBounds(proposition.quantity));
  return { ...claim, proposition: { ...proposition, quantity } };
}

/** Whether a claim of that lifecycle is part of what is said now. */
export function isCurrent(lifecycle: Lifecycle): boolean {
  return lifecycle === 'active' || lifecycle === 'corrected';
}

function laterOf(one: Lifecycle, other: Lifecycle): Lifecycle {
  return lifecycles.indexOf(one) > lifecycles.indexOf(other) ? one : other;
}
