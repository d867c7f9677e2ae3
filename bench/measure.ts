/** How things are measured: closed loops of callers, CPU beside throughput, medians of rounds. */
import { readdir, readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';

const usPerClockTick = 10_000;

export type Figure = {
  readonly per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** Of this process, per event. */
  readonly node_us: number;
  /** Of all of PostgreSQL's processes, per event; null where there is no /proc. */
  readonly postgres_us: number | null;
};

/**
 * `callers` callers who each call again as soon as they are answered, for `ms`. A call stands for
 * `eventsPerCall` events.
 */
export async function closedLoop(
  call: () => Promise<unknown>,
  { callers, ms, eventsPerCall = 1 }: { callers: number; ms: number; eventsPerCall?: number },
): Promise<Figure> {
  const latencies: number[] = [];
  const postgresBefore = await postgresCpuUs();
  const nodeBefore = process.cpuUsage();
  const started = performance.now();
  const caller = async () => {
    for (let now = started; now - started < ms; ) {
      const called = now;
      await call();
      now = performance.now();
      latencies.push(now - called);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const elapsed = performance.now() - started;
  const node = process.cpuUsage(nodeBefore);
  const postgresAfter = await postgresCpuUs();
  latencies.sort((a, b) => a - b);
  const events = latencies.length * eventsPerCall;
  const quantile = (q: number) => latencies[Math.floor(q * (latencies.length - 1))] as number;
  return {
    per_s: Math.round((events * 1_000) / elapsed),
    p50_ms: round(quantile(0.5), 2),
    p99_ms: round(quantile(0.99), 2),
    node_us: round((node.user + node.system) / events, 1),
    postgres_us:
      postgresBefore === null || postgresAfter === null
        ? null
        : round((postgresAfter - postgresBefore) / events, 1),
  };
}

/**
 * Measures each of `contenders` in turn, `rounds` times over, so that a machine that becomes slower
 * is slower for all; `settle` comes before each, so that none pays for what another left behind.
 * Answers the median of each.
 */
export async function inTurn<Name extends string>(
  rounds: number,
  contenders: Record<Name, () => Promise<number>>,
  settle: () => Promise<unknown> = async () => undefined,
): Promise<Record<Name, number>> {
  const names = Object.keys(contenders) as Name[];
  const seen = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    // There and back: who comes second in one round comes first in the next.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      await settle();
      seen.get(name)?.push(await contenders[name]());
    }
  }
  return Object.fromEntries(
    names.map((name) => [name, median(seen.get(name) as number[])]),
  ) as Record<Name, number>;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** A table in Markdown. */
export function table(rows: readonly Record<string, unknown>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: unknown[]) => `| ${cells.map((cell) => cell ?? '').join(' | ')} |\n`;
  return (
    line(columns) +
    line(columns.map(() => '---')) +
    rows.map((row) => line(columns.map((column) => row[column]))).join('')
  );
}

/** CPU of one living process so far, in microseconds. */
export async function processCpuUs(pid: number): Promise<number> {
  const [user = 0, system = 0] = cpuTicksOf(await readFile(`/proc/${pid}/stat`, 'utf8'));
  return (user + system) * usPerClockTick;
}

/**
 * CPU of PostgreSQL so far, in microseconds; null where there is no /proc. Its living processes, and
 * what the ended ones left with their parent. All servers of the machine are counted: measure with
 * one alone.
 */
export async function postgresCpuUs(): Promise<number | null> {
  const stats = [...(await postgresStats()).values()];
  const ticks = stats.flatMap(cpuTicksOf).reduce((sum, field) => sum + field, 0);
  return stats.length > 0 ? ticks * usPerClockTick : null;
}

/** The processes of PostgreSQL, where there is /proc. */
export async function postgresPids(): Promise<number[]> {
  return [...(await postgresStats()).keys()];
}

async function postgresStats(): Promise<Map<number, string>> {
  const stats = new Map<number, string>();
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    if (stat.includes('(postgres)')) stats.set(Number(pid), stat);
  }
  return stats;
}

// Its own, user and system, and that of its ended children. After the name: state, ppid, ...,
// utime, stime, cutime, cstime as fields 12 to 15.
function cpuTicksOf(stat: string): number[] {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).map(Number);
}
