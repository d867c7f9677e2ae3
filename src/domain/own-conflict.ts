/** A stream is of one conflict: that of its first event. */
import { Rejection } from './decider.ts';

/**
 * `event`, where it is of the stream's conflict or that is not known yet; else the refusal by
 * `code`. `what` is what the stream is of, for a reader.
 */
export function ofOwnConflict<
  Event extends { readonly data: { readonly conflict_id: string } },
  Code extends string,
>(known: string | undefined, event: Event, code: Code, what: string): [Event] | Rejection<Code> {
  if (known === undefined || event.data.conflict_id === known) return [event];
  return ofOtherConflict(code, what, `it is of ${known}`);
}

/**
 * The refusal of a command that is of another conflict than its stream, or that names at `pointer`
 * what is of another; `detail` says of which.
 */
export function ofOtherConflict<Code extends string>(
  code: Code,
  what: string,
  detail: string,
  pointer = '/conflict_id',
) {
  const fault = pointer === '/conflict_id' ? 'is not the conflict' : 'is not of the conflict';
  return new Rejection(code, detail, [{ pointer, detail: `${fault} of the ${what}` }]);
}
