/** `frontlog start`: serve until a signal. */
import closeWithGrace from 'close-with-grace';
import { type Config, readConfig } from '../config.ts';
import { type Service, startService } from '../service.ts';
import { makeLogger } from './logger.ts';
import { keepCompiledCode } from './memory.ts';

const closeTimeoutMs = 10_000;
// Embedded servers write what they hold to disk before they end.
const closeEmbeddedTimeoutMs = 30_000;

export async function runStart(): Promise<void> {
  await serve(readConfig(process.env));
}

/** Starts the service, says where it listens, and closes it on SIGINT or SIGTERM. */
export async function serve(config: Config): Promise<Service> {
  keepCompiledCode();
  const logger = makeLogger(config.logLevel);
  const service = await startService(config, logger);
  const isEmbedded = config.databaseUrl === undefined || config.kafka === 'embedded';
  const delay = isEmbedded ? closeEmbeddedTimeoutMs : closeTimeoutMs;
  closeWithGrace({ delay, logger }, async ({ err }) => {
    if (err) logger.fatal({ err }, 'closing after an unexpected error');
    await service.close();
  });
  process.stdout.write(`frontlog listening on ${service.url ?? 'no port (no role api)'}\n`);
  return service;
}
