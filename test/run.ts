/**
 * `npm test [-- FILE...]`: starts one real PostgreSQL and one real Kafka for the whole run, then
 * tap. With `CI=true` a missing broker is a failure, else the tests that need one are skipped and
 * named.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { migrate, openDb, openPool } from '../src/db.ts';
import { embeddedServers } from '../src/embedded/servers.ts';
import { templateDatabase } from './db.ts';

const say = (message: string) => process.stderr.write(`# ${message}\n`);

const servers = await embeddedServers({
  dataDir: '.frontlog-test',
  postgres: true,
  kafka: true,
  onProgress: say,
  onExit: (server, detail) => say(`${server} ended: ${detail}`),
});
try {
  const databaseUrl = (await servers.postgres) as string;
  await prepareTemplate(databaseUrl);
  const kafka = await servers.kafka;
  if (kafka !== undefined && 'unavailable' in kafka) {
    if (process.env.CI === 'true') throw new Error(`no Kafka: ${kafka.unavailable}`);
    say(`tests that need Kafka are skipped: ${kafka.unavailable}`);
  }
  process.exitCode = await runTap({
    TEST_DATABASE_URL: databaseUrl,
    TEST_KAFKA_BROKERS: kafka !== undefined && 'brokers' in kafka ? kafka.brokers : '',
  });
} finally {
  await servers.stop();
}

async function prepareTemplate(databaseUrl: string): Promise<void> {
  const { sql } = await import('kysely');
  const admin = openDb(openPool(databaseUrl, (error) => say(error.message)));
  const { rows } = await sql<{ datname: string }>`
    select datname from pg_database where datname like 'test_%'`.execute(admin);
  for (const { datname } of rows) {
    await sql`drop database ${sql.id(datname)} with (force)`.execute(admin);
  }
  await sql`create database ${sql.id(templateDatabase)}`.execute(admin);
  await admin.destroy();
  const url = new URL(databaseUrl);
  url.pathname = templateDatabase;
  const template = openDb(openPool(url.href, (error) => say(error.message)));
  await migrate(template);
  await template.destroy();
}

async function runTap(environment: Record<string, string>): Promise<number> {
  const tap = spawn('tap', ['run', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  const [code] = await once(tap, 'exit');
  return code ?? 1;
}
