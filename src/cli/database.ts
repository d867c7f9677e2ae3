/** The database for a command: opened, brought up to date, and let go of whatever comes. */
import type { Config } from '../config.ts';
import { openDatabase } from '../log.ts';
import type { makeLogger } from './logger.ts';

type Opened = Awaited<ReturnType<typeof openDatabase>>;

/** What `work` resolves to. */
export async function withDatabase<Result>(
  config: Config,
  logger: ReturnType<typeof makeLogger>,
  work: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  const opened = await openDatabase(config, logger);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}
