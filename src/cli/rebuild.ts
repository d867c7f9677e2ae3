/**
 * `frontlog rebuild NAME`, or `--all`: build projections anew beside those that answer, compare
 * them, and swap. It goes on where an earlier one was killed, and beside a service that builds too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../config.ts';
import { isTransientError } from '../db.ts';
import { openLog } from '../log.ts';
import {
  cancelRebuild,
  findGeneration,
  prepareProjection,
  RebuildUnderWay,
  startRebuild,
} from '../projections/generations.ts';
import { eventsPerSecondMax, setPace } from '../projections/pace.ts';
import type { Projection } from '../projections/projection.ts';
import { recover } from '../projections/projector.ts';
import { openRebuild } from '../projections/rebuild.ts';
import { listStatuses, type ProjectionStatus } from '../projections/status.ts';
import { projections } from '../service.ts';
import { UsageError } from './exit.ts';
import { makeLogger } from './logger.ts';
import { openProgress, type Reached } from './progress.ts';

const busyIntervalMs = 100;

type Options = { all?: boolean; rate?: string; cancel?: boolean; json?: boolean };
type Log = Awaited<ReturnType<typeof openLog>>;

/**
 * Ends with 1 where the rebuilt rows are not those that answered before, or where somebody else has
 * given the rebuild up.
 */
export async function runRebuild(name: string | undefined, options: Options): Promise<void> {
  const chosen = chosenBy(name, options);
  const rate = options.rate === undefined ? null : Number(options.rate);
  if (rate !== null && !(Number.isSafeInteger(rate) && rate > 0 && rate <= eventsPerSecondMax)) {
    throw new UsageError(`--rate: events a second, 1 to ${eventsPerSecondMax}`);
  }
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  const log = await openLog(config, makeLogger(config.logLevel));
  try {
    for (const one of chosen) await prepareProjection(log.db, one);
    if (options.cancel) {
      const cancelled = [];
      for (const one of chosen) if (await cancelRebuild(log.db, one)) cancelled.push(one.name);
      const detail = cancelled.length > 0 ? 'given up' : 'none was under way';
      process.stdout.write(options.json ? `${JSON.stringify({ detail })}\n` : `${detail}\n`);
      return;
    }
    report(await build(log, chosen, rate), options);
  } finally {
    await log.close();
  }
}

function chosenBy(name: string | undefined, { all = false }: Options): readonly Projection[] {
  if (all !== (name === undefined)) throw new UsageError('rebuild a projection, or --all');
  const chosen = projections.filter((one) => all || one.name === name);
  if (chosen.length > 0) return chosen;
  const names = projections.map((one) => one.name).join(', ');
  throw new UsageError(`there is no projection "${name}", only ${names}`);
}

type Rebuilt = ProjectionStatus & { readonly cancelled: boolean };

async function build(
  log: Log,
  chosen: readonly Projection[],
  rate: number | null,
): Promise<readonly Rebuilt[]> {
  const begun = new Map<string, number>();
  for (const projection of chosen) begun.set(projection.name, await begin(log, projection, rate));
  const rebuild = openRebuild(chosen, log);
  const progress = openProgress('rebuild', 'events');
  try {
    for (;;) {
      const step = await rebuild.advance().catch(async (error) => {
        await recover(chosen, 'building', log, error);
        if (isTransientError(error)) throw error;
        return 'busy' as const;
      });
      const statuses = await listStatuses(log.db, chosen);
      // One that was begun and never took the other's place is gone: nothing else ends it.
      if (step === 'none') {
        return statuses.map((one) => {
          return { ...one, cancelled: one.generation < (begun.get(one.name) ?? 0) };
        });
      }
      const under = statuses.flatMap(({ name, rebuild }) => (rebuild ? { name, ...rebuild } : []));
      const paused = under.find(({ state }) => state === 'paused');
      if (paused !== undefined) {
        throw new Error(`${paused.name} is paused: ${paused.last_error ?? 'as it was told'}`);
      }
      if (step === 'busy') await sleep(busyIntervalMs);
      const last = under.toSorted((a, b) => a.position - b.position)[0];
      if (last !== undefined) progress.say(reachedBy(last, under.length));
    }
  } finally {
    progress.end();
    await rebuild.close();
  }
}

/** The generation that is built: a new one, or the one that is under way. */
async function begin(log: Log, projection: Projection, rate: number | null): Promise<number> {
  for (;;) {
    try {
      return await startRebuild(log.db, projection, rate);
    } catch (error) {
      if (!(error instanceof RebuildUnderWay)) throw error;
      const building = await findGeneration(log.db, projection, 'building');
      // It has come to its end since.
      if (building === undefined) continue;
      if (rate !== null) await setPace(log.db, projection, rate);
      process.stderr.write(`${error.message}: going on with it\n`);
      return building.generation;
    }
  }
}

type UnderWay = NonNullable<ProjectionStatus['rebuild']> & { name: string };

// They take one way through the log: the last of them tells how far it is.
function reachedBy({ name, position, lag_events }: UnderWay, count: number): Reached {
  const note = count === 1 ? name : `${count} projections`;
  return { done: position, total: position + lag_events, note };
}

function report(rebuilt: readonly Rebuilt[], { all, json }: Options): void {
  const isAmiss = ({ cancelled, comparison }: Rebuilt) =>
    cancelled || (comparison?.differences ?? 0) > 0;
  if (rebuilt.some(isAmiss)) process.exitCode = 1;
  if (json) {
    process.stdout.write(`${JSON.stringify(all ? { items: rebuilt } : rebuilt[0])}\n`);
    return;
  }
  for (const one of rebuilt) process.stdout.write(`${one.name}: ${textOf(one)}\n`);
}

function textOf({ cancelled, generation, position, comparison }: Rebuilt): string {
  const answers = `generation ${generation} answers, at position ${position}`;
  if (cancelled) return `given up meanwhile, by another process or over the API; ${answers}`;
  const { rows = 0, differences = 0, position: at = 0, first = null } = comparison ?? {};
  const where = first === null ? '' : `, first ${first.table} ${first.key} of ${first.since}`;
  return (
    `${answers}; of ${rows} rows as of position ${at}, ` +
    `${differences} differ from those before${where}`
  );
}
