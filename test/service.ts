/** The real service in this process, on a database of its own, and what tests ask of it. */
import { randomUUID } from 'node:crypto';
import { type Logger, pino } from 'pino';
import { registrySteps, reportSteps, type SeedStep } from '../src/cli/seed-report.ts';
import { readConfig } from '../src/config.ts';
import type { KafkaCluster } from '../src/kafka-cluster.ts';
import { initTopics } from '../src/relay/client.ts';
import { type Service, startService } from '../src/service.ts';
import { freshDatabase } from './db.ts';
import { checkAnswer } from './openapi.ts';

type Test = { teardown(fn: () => Promise<unknown>): void };

/** The brokers of this run, or undefined where there are none. */
export const brokers = process.env.TEST_KAFKA_BROKERS || undefined;

export type TestService = { url: string; databaseUrl: string; prefix: string; service: Service };

export type Options = {
  /** Brokers to relay to, or the settings that name them; absent: the relay has none. */
  kafka?: string | NodeJS.ProcessEnv | undefined;
  /** Another service whose database and topics to share. */
  like?: TestService;
  /** Whose log to mirror, as a read site with a database of its own. */
  readSiteOf?: TestService;
  /** Settings beside those of the test. */
  environment?: NodeJS.ProcessEnv;
  /** Where the log goes; absent: nowhere. */
  logger?: Logger;
};

/** Starts the service on a fresh database, with topics of its own if it relays. */
export async function testService(
  t: Test,
  { kafka, like, readSiteOf, environment, logger = pino({ level: 'silent' }) }: Options = {},
): Promise<TestService> {
  const databaseUrl = like?.databaseUrl ?? (await freshDatabase(t)).url;
  const prefix = (like ?? readSiteOf)?.prefix ?? `t-${randomUUID()}`;
  const config = readConfig({
    PORT: '0',
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: 'none',
    ...(typeof kafka === 'string' ? { KAFKA_BROKERS: kafka } : kafka),
    KAFKA_PREFIX: prefix,
    ...(readSiteOf !== undefined && { PROJECTION_FEED: 'kafka', ROLES: 'api,projector' }),
    ...environment,
  });
  if (kafka !== undefined) await initTopics(config.kafka as KafkaCluster, prefix, logger);
  const service = await startService(config, logger);
  t.teardown(() => service.close());
  return { url: service.url as string, databaseUrl, prefix, service };
}

export type Answer = { status: number; headers: Headers; body: Record<string, unknown> };

/** POSTs JSON, or text as it is. */
export async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return checked<Record<string, unknown>>('POST', url, response);
}

/** GETs JSON. */
export async function get<Body = Record<string, unknown>>(
  url: string,
  headers: Record<string, string> = {},
) {
  return checked<Body>('GET', url, await fetch(url, { headers }));
}

/** The answer, once it is known to be as the API's document has it. */
async function checked<Body>(method: string, url: string, response: Response) {
  const { status, headers } = response;
  const body = (await response.json()) as Body;
  checkAnswer(method, url, { status, contentType: headers.get('content-type') ?? '', body });
  return { status, headers, body };
}

/** Records the seed report as the demo does; answers the last position. */
export async function recordSeed(url: string): Promise<number> {
  let last = 0;
  for (const step of [...registrySteps, ...reportSteps]) {
    const { status, body } = await postStep(url, step);
    if (status >= 300) throw new Error(`${step.path}: ${JSON.stringify(body)}`);
    last = body.position as number;
  }
  return last;
}

/** POSTs a step of the seed with its key. */
export function postStep(url: string, { path, body, key }: SeedStep): Promise<Answer> {
  return post(url + path, body, { 'idempotency-key': key });
}
