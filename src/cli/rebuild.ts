/**
 * `frontlog rebuild NAME`: build a projection anew beside the one that answers, compare them, and
 * swap. It goes on where an earlier one was killed, and beside a service that builds too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../config.ts';
import { openLog } from '../log.ts';
import {
  cancelRebuild,
  prepareProjection,
  RebuildUnderWay,
  startRebuild,
} from '../projections/generations.ts';
import { pagesOf } from '../projections/pages.ts';
import type { Projection } from '../projections/projection.ts';
import { pause } from '../projections/projector.ts';
import { advanceRebuild } from '../projections/rebuild.ts';
import { listStatuses, type ProjectionStatus } from '../projections/status.ts';
import { projections } from '../service.ts';
import { UsageError } from './exit.ts';
import { makeLogger } from './logger.ts';

const progressIntervalMs = 1_000;
const busyIntervalMs = 100;

type Options = { rate?: string; cancel?: boolean; json?: boolean };
type Log = Awaited<ReturnType<typeof openLog>>;

/** Ends with 1 where the rebuilt rows are not those that answered before. */
export async function runRebuild(name: string, options: Options): Promise<void> {
  const projection = projections.find((one) => one.name === name);
  if (projection === undefined) {
    const names = projections.map((one) => one.name).join(', ');
    throw new UsageError(`there is no projection "${name}", only ${names}`);
  }
  const rate = options.rate === undefined ? null : Number(options.rate);
  if (rate !== null && !(Number.isSafeInteger(rate) && rate > 0)) {
    throw new UsageError('--rate: a whole number of events a second');
  }
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  const log = await openLog(config, makeLogger(config.logLevel));
  try {
    await prepareProjection(log.db, projection);
    if (options.cancel) {
      const detail = (await cancelRebuild(log.db, projection)) ? 'given up' : 'none was under way';
      process.stdout.write(options.json ? `${JSON.stringify({ detail })}\n` : `${detail}\n`);
      return;
    }
    report(await build(log, projection, rate), options);
  } finally {
    await log.close();
  }
}

async function build({ db, store }: Log, projection: Projection, rate: number | null) {
  try {
    await startRebuild(db, projection, rate);
  } catch (error) {
    if (!(error instanceof RebuildUnderWay)) throw error;
    process.stderr.write('a rebuild is under way: going on with it\n');
  }
  const pages = pagesOf(store);
  for (let saidAt = 0; ; ) {
    const step = await advanceRebuild(db, projection, pages).catch(async (error) => {
      await pause(db, projection, 'building', pages, error);
      throw error;
    });
    const status = await statusOf(db, projection);
    if (status.rebuild === null) return status;
    if (status.rebuild.state === 'paused') {
      throw new Error(`it is paused: ${status.rebuild.last_error ?? 'as it was told'}`);
    }
    if (step !== 'advanced') await sleep(busyIntervalMs);
    if (process.stderr.isTTY && Date.now() - saidAt > progressIntervalMs) {
      saidAt = Date.now();
      process.stderr.write(progressOf(status.rebuild));
    }
  }
}

async function statusOf(db: Log['db'], projection: Projection): Promise<ProjectionStatus> {
  const [status] = await listStatuses(db, [projection]);
  return status as ProjectionStatus;
}

function progressOf({
  position,
  lag_events,
  rate,
  eta_seconds,
}: NonNullable<ProjectionStatus['rebuild']>): string {
  const percent = ((100 * position) / Math.max(1, position + lag_events)).toFixed(1);
  const left = eta_seconds === null ? '' : `, ${Math.ceil(eta_seconds)} s left`;
  return `position ${position}, ${percent} %, ${Math.round(rate)} events/s${left}\n`;
}

function report(status: ProjectionStatus, { json }: Options): void {
  const { name, generation, position, comparison } = status;
  if (comparison !== null && comparison.differences > 0) process.exitCode = 1;
  if (json) process.stdout.write(`${JSON.stringify(status)}\n`);
  else {
    const { rows = 0, differences = 0, position: at = 0, first = null } = comparison ?? {};
    const where = first === null ? '' : `, first ${first.table} ${first.key} of ${first.since}`;
    process.stdout.write(
      `${name}: generation ${generation} answers, at position ${position}; of ${rows} rows ` +
        `as of position ${at}, ${differences} differ from those before${where}\n`,
    );
  }
}
