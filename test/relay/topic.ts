/** A topic read by a consumer that is not ours: kcat, committed messages only. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { namesOf } from '../../src/relay/topics.ts';
import { brokers } from '../service.ts';

const readTimeoutMs = 30_000;

export type Message = {
  partition: number;
  key: string;
  payload: string;
  headers: Record<string, string>;
};

const installed = await promisify(execFile)('kcat', ['-V']).then(
  () => true,
  () => false,
);

/** Why a test that needs a broker and kcat has to be skipped; false if it can run. */
export const withoutKafka: string | false = missing(true);

/** The same where the test reads the topic by the project's own consumers. */
export const withoutBroker: string | false = missing(false);

function missing(needsKcat: boolean): string | false {
  const isThere = installed || !needsKcat;
  const lacks = brokers === undefined ? 'no Kafka broker' : isThere ? false : 'kcat is missing';
  if (lacks !== false && process.env.CI === 'true') t.fail(lacks);
  return lacks;
}

/** Every message of a topic, that of the events unless another is named, partition by partition in order of offset. */
export async function readTopic(
  prefix: string,
  at = brokers,
  isolation: 'read_committed' | 'read_uncommitted' = 'read_committed',
  topic = namesOf(prefix).eventsTopic,
): Promise<Message[]> {
  const { stdout } = await promisify(execFile)(
    'kcat',
    [
      ['-C', '-J', '-e', '-q', '-o', 'beginning', '-b', at as string],
      ['-X', `isolation.level=${isolation}`, '-t', topic],
    ].flat(),
    { timeout: readTimeoutMs, maxBuffer: 512 * 1024 * 1024 },
  );
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const { partition, key, payload, headers } = JSON.parse(line);
    const pairs = Array.from({ length: headers.length / 2 }, (_, i) =>
      headers.slice(2 * i, 2 * i + 2),
    );
    return { partition, key, payload, headers: Object.fromEntries(pairs) };
  });
}

/** What readers found, for whoever reads the output of a long run; `all` as `read_uncommitted`. */
export function figuresOf(
  head: number,
  committed: readonly Message[],
  all?: readonly Message[],
): string {
  const faults = faultsOf(committed, head);
  const count = (what: string) => faults.filter((fault) => fault.endsWith(what)).length;
  return (
    `${head} events, ${committed.length} messages: ${count('missing')} missing, ` +
    `${count('twice')} twice, ${count('order')} out of order` +
    `${all === undefined ? '' : `; read_uncommitted: ${all.length}`}`
  );
}

/**
 * What is wrong with the topic against positions 1 to `head`; empty if each is there once, in
 * order.
 */
export function faultsOf(messages: readonly Message[], head: number): string[] {
  const positions = messages.map(({ headers }) => Number(headers.ce_position));
  const seen = new Set<number>();
  const twice = positions.filter((position) => seen.size === seen.add(position).size);
  const missing = Array.from({ length: head }, (_, i) => i + 1).filter((one) => !seen.has(one));
  const last = new Map<string, number>();
  const disordered = messages.filter(({ key, headers }) => {
    const before = last.get(key) ?? 0;
    last.set(key, Number(headers.ce_position));
    return before > Number(headers.ce_position);
  });
  return [
    ...missing.map((position) => `${position} is missing`),
    ...twice.map((position) => `${position} is there twice`),
    ...disordered.map(({ headers }) => `${headers.ce_position} is out of order`),
  ];
}
