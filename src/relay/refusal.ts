/** Why nothing is published until somebody mends it: kept where `frontlog status` sees it. */
import { RelayRefused } from './checkpoint.ts';
import { reasonOf } from './reason.ts';
import { type Queries, showFault } from './shown.ts';
import { TopicUnfit } from './topics.ts';

/** Keeps what `error` says of `topic`, unless it is one that goes by itself, as Kafka away. */
export async function noteRefusal(client: Queries, topic: string, error: unknown): Promise<void> {
  if (!(error instanceof RelayRefused || error instanceof TopicUnfit)) return;
  // The error that matters is already on its way.
  await showFault(client, topic, reasonOf(error)).catch(() => undefined);
}
