/**
 * `cloudevents`: CloudEvents 1.0, one a line, as the log exports them and as POST /v1/events takes
 * them. Read no faster than it is decided, so that a file of any size takes little memory.
 */
import type { Readable } from 'node:stream';
import { type Act, acts } from '../domain/acts.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { readAhead } from '../eventstore/read-ahead.ts';
import { eventLines } from '../http/event-lines.ts';
import {
  type PreparedLines,
  prepareLines,
  type Result,
  recordLines,
} from '../http/record-lines.ts';
import type { Progress, RejectedRow, Rows } from './chunk.ts';
import { FileUnreadable } from './text.ts';

const metadata = { correlation_id: 'import:cloudevents', recorded_by: 'import:cloudevents' };

/** Two chunks are in memory: of 500 each an import of 1 GB takes 200 MB, of 300 it takes 180. */
const chunkLinesMax = 300;

/** The type of event that an act leads to. */
const typeOf: ReadonlyMap<Act, string> = new Map(
  Object.entries(acts).map(([type, act]) => [act, type]),
);

export type ImportLines = {
  readonly store: EventStore;
  readonly bytes: Readable;
  readonly signal: AbortSignal;
  readonly onRejected: (row: RejectedRow) => void;
  readonly onProgress: (progress: Progress) => void;
};

/** Records the lines. Throws where the log cannot be reached, or the stream not be read on. */
export async function importLines({ store, bytes, signal, onRejected, onProgress }: ImportLines) {
  const rows: Rows = { read: 0, recorded: 0, known: 0, rejected: 0 };
  const events: Record<string, number> = {};
  const chunks = prepared(bytes);
  try {
    for await (const chunk of readAhead(chunks)) {
      if (signal.aborted) break;
      const actOf = new Map(chunk.executions.map(({ line, execution }) => [line, execution.act]));
      for (const result of await recordLines(store, chunk)) {
        rows.read += 1;
        rows[result.status === 'refused' ? 'rejected' : result.status] += 1;
        count(events, actOf.get(result.line), result.event_ids?.length ?? 0);
        if (result.problem) onRejected({ row: result.line, reasons: reasonsOf(result.problem) });
      }
      onProgress({ rows, events });
    }
  } finally {
    await chunks.return();
  }
  return { rows, events, isStopped: signal.aborted };
}

function count(events: Record<string, number>, act: Act | undefined, recorded: number): void {
  const type = act && typeOf.get(act);
  if (type !== undefined && recorded > 0) events[type] = (events[type] ?? 0) + recorded;
}

async function* prepared(bytes: Readable): AsyncGenerator<PreparedLines, void> {
  try {
    for await (const lines of eventLines(bytes, chunkLinesMax)) yield prepareLines(lines, metadata);
  } catch (error) {
    const { name, statusCode, message } = error as Error & { statusCode?: number };
    if (name !== 'TooLarge' && statusCode === undefined) throw error;
    throw new FileUnreadable(message);
  }
}

function reasonsOf({ detail, errors = [] }: NonNullable<Result['problem']>): string[] {
  return [detail, ...errors.map(({ pointer, detail }) => `${pointer} ${detail}`)];
}
