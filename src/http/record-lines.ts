/** Lines of events, each an act of its own: looked at, decided in order, answered by number. */
import { Type } from 'typebox';
import { Rejection } from '../domain/decider.ts';
import type { EventStore, Metadata } from '../eventstore/event-store.ts';
import type { Execution, Outcome } from '../eventstore/execute.ts';
import { executeAll } from '../eventstore/execute-all.ts';
import { executionOf } from './cloud-events.ts';
import type { EventLine } from './event-lines.ts';
import type { ProblemMembers } from './problem.ts';
import { statusOfRejection } from './rejection-status.ts';

/** What has become of a line, as it is answered. */
export const Result = Type.Object({
  line: Type.Integer({ description: 'From 1.' }),
  status: Type.String({ enum: ['recorded', 'known', 'refused'] }),
  stream: Type.Optional(Type.String()),
  version: Type.Optional(Type.Integer()),
  position: Type.Optional(Type.Integer()),
  event_ids: Type.Optional(Type.Array(Type.String())),
  problem: Type.Optional(
    Type.Object({
      status: Type.Integer(),
      code: Type.String(),
      detail: Type.String(),
      errors: Type.Optional(
        Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() })),
      ),
    }),
  ),
});
export type Result = {
  line: number;
  status: 'recorded' | 'known' | 'refused';
  problem?: ProblemMembers;
} & Partial<Extract<Outcome, { stream: string }>>;

/** Lines that can be decided, with what they ask for, and the results of those that cannot. */
export type PreparedLines = {
  readonly executions: readonly { readonly line: number; readonly execution: Execution }[];
  readonly refused: readonly Result[];
};

/** Looks at lines as far as no other is needed for it. */
export function prepareLines(entries: readonly EventLine[], metadata: Metadata): PreparedLines {
  const refused: Result[] = [];
  const executions: { line: number; execution: Execution }[] = [];
  for (const entry of entries) {
    const { line } = entry;
    const execution = 'problem' in entry ? entry.problem : executionOf(entry.event, metadata);
    if ('act' in execution) executions.push({ line, execution });
    else refused.push({ line, status: 'refused', problem: execution });
  }
  return { executions, refused };
}

/** Decides lines in their order and records what follows: a result for each. */
export async function recordLines(
  store: EventStore,
  { executions, refused }: PreparedLines,
): Promise<Result[]> {
  const outcomes = await executeAll(
    store,
    executions.map(({ execution }) => execution),
  );
  const results = executions.map(({ line }, i) => resultOf(line, outcomes[i] as Outcome));
  return [...refused, ...results].sort((a, b) => a.line - b.line);
}

function resultOf(line: number, outcome: Outcome): Result {
  if (outcome instanceof Rejection) {
    const { code, detail, faults } = outcome;
    const errors = faults.map(({ pointer, detail }) => ({ pointer: `/data${pointer}`, detail }));
    const status = statusOfRejection[code];
    const problem = { status, code, detail, ...(errors.length > 0 && { errors }) };
    return { line, status: 'refused', problem };
  }
  return { line, status: outcome.event_ids.length > 0 ? 'recorded' : 'known', ...outcome };
}
