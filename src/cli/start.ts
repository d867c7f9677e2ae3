/** `frontlog start`: serve until a signal. */
import closeWithGrace from 'close-with-grace';
import { type Logger, pino } from 'pino';
import { type Config, readConfig } from '../config.ts';
import { type Service, startService } from '../service.ts';

const closeTimeoutMs = 30_000;

export async function runStart(): Promise<void> {
  await serve(readConfig(process.env));
}

/** Starts the service, says where it listens, and closes it on SIGINT or SIGTERM. */
export async function serve(config: Config): Promise<Service> {
  const logger = makeLogger(config.logLevel);
  const service = await startService(config, logger);
  closeWithGrace({ delay: closeTimeoutMs, logger }, async ({ err }) => {
    // Not `fatal`, which would flush for ever to a log whose reader is gone.
    if (err) logger.error({ err }, 'closing after an unexpected error');
    await service.close();
  });
  process.stdout.write(`frontlog listening on ${service.url ?? 'no port (no role api)'}\n`);
  return service;
}

/** JSON lines on stderr; readable ones on a terminal. */
export function makeLogger(level: string): Logger {
  if (!process.stderr.isTTY) return pino({ level }, pino.destination(2));
  const options = { destination: 2, ignore: 'pid,hostname' };
  return pino({ level, transport: { target: 'pino-pretty', options } });
}
