/** The war status of a conflict as a message. */
import { createHash } from 'node:crypto';
import type { Message } from 'kafkajs';
import { source } from './message.ts';
import type { StatusView } from './war-status.ts';

export const warStatusType = 'frontlog.war-status.v1';

/** The message; its value is the body of `GET /v1/conflicts/{id}/status`. */
export function toStatusMessage(
  id: string,
  status: object,
  { position, known_at }: Pick<StatusView, 'position' | 'known_at'>,
  logId: string,
): Message {
  return {
    key: id,
    value: JSON.stringify(status),
    headers: {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: `${id}@${position}`,
      ce_source: source,
      ce_type: warStatusType,
      ce_subject: id,
      ...(known_at !== null && { ce_time: known_at }),
      ce_partitionkey: id,
      ce_position: String(position),
      ce_logid: logId,
    },
  };
}

/** Of what it says, not of when: `as_of` moves with every event of the log. */
export function digestOf(status: object): string {
  const text = JSON.stringify({ ...status, as_of: null });
  return createHash('sha256').update(text).digest('base64');
}
