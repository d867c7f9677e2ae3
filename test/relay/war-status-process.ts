/** A publisher of the war status in a process of its own, to be frozen; `PUBLISHER` says where. */
import { pino } from 'pino';
import type { StatusView } from '../../src/relay/war-status.ts';
import { type Publishing, startPublisher } from './publishing.ts';
import type { Report } from './relay-process.ts';

const order = JSON.parse(process.env.PUBLISHER as string) as Publishing;
const say = (report: Report) => process.send?.(report);
const told = new Promise((resolve) => process.once('message', resolve));
let first: number | undefined;
// Between reading the view and publishing it, once there is something new.
const beforePublishing = async ({ position }: StatusView) => {
  first ??= position;
  if (position === first) return;
  say('held');
  await told;
};
const error = { write: (line: string) => void say({ error: JSON.parse(line).err.message }) };
const logger = pino({ level: 'warn' }, error);
await startPublisher({ teardown: () => undefined }, order, { logger, beforePublishing });
