/** How much of the log goes into one transaction. */
import type { Message } from 'kafkajs';
import type { RecordedEvent } from '../eventstore/event-store.ts';
import type { Checkpoint } from './checkpoint.ts';
import { messageBytes, toMessage } from './message.ts';
import { messageBytesMax } from './topics.ts';

/** So many of the usual 1,150 bytes are just below what the bytes allow. */
export const batchSizeMax = 3_400;
/** Also of what is read at once. The broker refuses for good what is over the topic's limit. */
export const batchBytesMax = messageBytesMax - 64 * 1024;

/** What is this large may have more behind it, which is worth reading meanwhile. */
export const fullBatchMin = 500;

export type Batch = { readonly messages: Message[]; last: Checkpoint };

/** The events' messages, split where they would be over `bytesMax`. */
export function inBatches(
  events: readonly RecordedEvent[],
  logId: string,
  bytesMax = batchBytesMax,
): Batch[] {
  const batches: Batch[] = [];
  let bytes = 0;
  for (const event of events) {
    const message = toMessage(event, logId);
    const last = { position: event.position, eventId: event.id };
    const open = batches.at(-1);
    bytes += messageBytes(message);
    if (open !== undefined && bytes <= bytesMax) {
      open.messages.push(message);
      open.last = last;
    } else {
      batches.push({ messages: [message], last });
      bytes = messageBytes(message);
    }
  }
  return batches;
}
