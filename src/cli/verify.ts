/** `frontlog verify`: whether everything is as it was recorded, and else what differs first. */
import { readConfig } from '../config.ts';
import type { Finding } from '../verify/finding.ts';
import { verifyLog } from '../verify/log.ts';
import { withDatabase } from './database.ts';
import { makeLogger } from './logger.ts';

const progressIntervalMs = 1_000;

/** Ends with 1 where there are findings. */
export async function runVerify({ json = false }: { json?: boolean }): Promise<void> {
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  await withDatabase(config, makeLogger(config.logLevel), async ({ db }) => {
    const log = await verifyLog(db, progress());
    if (log.findings.length > 0) process.exitCode = 1;
    process.stdout.write(json ? `${JSON.stringify(log)}\n` : textOf(log));
  });
}

function textOf({ events, sealed, findings }: Awaited<ReturnType<typeof verifyLog>>): string {
  const read = `${events} events read, ${sealed} of them under the signed head`;
  if (findings.length === 0) return `${read}: all as they were recorded\n`;
  return `${read}: not as they were recorded\n${findings.map(lineOf).join('')}`;
}

function lineOf({ check, position, detail }: Finding): string {
  return `${check}${position === null ? '' : ` at position ${position}`}: ${detail}\n`;
}

function progress(): ((position: number) => void) | undefined {
  if (!process.stderr.isTTY) return undefined;
  let [saidAt, saidPosition] = [performance.now(), 0];
  return (position) => {
    const elapsedMs = performance.now() - saidAt;
    if (elapsedMs < progressIntervalMs) return;
    const rate = Math.round(((position - saidPosition) / elapsedMs) * 1_000);
    process.stderr.write(`position ${position}, ${rate} events/s\n`);
    [saidAt, saidPosition] = [performance.now(), position];
  };
}
