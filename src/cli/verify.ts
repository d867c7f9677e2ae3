/** `frontlog verify`: whether everything is as it was recorded, and else what differs first. */
import { readConfig } from '../config.ts';
import { openLog } from '../log.ts';
import { prepareProjection } from '../projections/generations.ts';
import { projections } from '../service.ts';
import type { Finding } from '../verify/finding.ts';
import { verifyLog } from '../verify/log.ts';
import { verifyViews } from '../verify/views.ts';
import { makeLogger } from './logger.ts';

const progressIntervalMs = 1_000;

type Verified = Awaited<ReturnType<typeof verifyLog>> & { rows: number };

/** Ends with 1 where there are findings. */
export async function runVerify({ json = false }: { json?: boolean }): Promise<void> {
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  const { db, store, close } = await openLog(config, makeLogger(config.logLevel));
  try {
    const log = await verifyLog(db, progress('log'));
    for (const projection of projections) await prepareProjection(db, projection);
    const views = await verifyViews(db, store, projections, progress('views'));
    const findings = [...log.findings, ...views.findings];
    if (findings.length > 0) process.exitCode = 1;
    const verified = { ...log, rows: views.rows, findings };
    process.stdout.write(json ? `${JSON.stringify(verified)}\n` : textOf(verified));
  } finally {
    await close();
  }
}

function textOf({ events, sealed, rows, findings }: Verified): string {
  const read = `${events} events read, ${sealed} of them under the signed head, ${rows} rows of views`;
  if (findings.length === 0) return `${read}: all as they were recorded\n`;
  return `${read}: not as they were recorded\n${findings.map(lineOf).join('')}`;
}

function lineOf({ check, position, detail }: Finding): string {
  return `${check}${position === null ? '' : ` at position ${position}`}: ${detail}\n`;
}

function progress(what: string): ((position: number) => void) | undefined {
  if (!process.stderr.isTTY) return undefined;
  let [saidAt, saidPosition] = [performance.now(), 0];
  return (position) => {
    const elapsedMs = performance.now() - saidAt;
    if (elapsedMs < progressIntervalMs) return;
    const rate = Math.round(((position - saidPosition) / elapsedMs) * 1_000);
    process.stderr.write(`${what}: position ${position}, ${rate} events/s\n`);
    [saidAt, saidPosition] = [performance.now(), position];
  };
}
