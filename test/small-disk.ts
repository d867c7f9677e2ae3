/**
 * A disk that is soon full: a file system in memory, as a tablespace of a PostgreSQL of its own, as
 * a server of which one disk is full can make no checkpoint, nor drop a database on another.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { type Db, openDb, openPool } from '../src/db.ts';
import type { Test } from './db.ts';
import { ownPostgres } from './postgres.ts';

const run = promisify(execFile);

/** Why there can be no such disk; false where there can. */
export const withoutSmallDisk: string | false = await mountProbe();

export type SmallDisk = {
  /** An empty database whose tables and indexes are on the disk; the WAL is elsewhere. */
  readonly databaseUrl: string;
  /** Takes all room that is left. */
  fill(): Promise<void>;
  /** Gives that room back. */
  empty(): Promise<void>;
};

/** A disk of so many MiB with a database on it; both are gone after the test. */
export async function smallDisk(
  t: Test & { testdir(): string },
  mebibytes: number,
): Promise<SmallDisk> {
  const postgres = await ownPostgres(t.testdir());
  t.teardown(postgres.stop);
  const admin = openDb(openPool(postgres.url, () => undefined));
  // Where any user can reach it: PostgreSQL does not run as root.
  const folder = await mkdtemp(join(tmpdir(), 'frontlog-disk-'));
  await chmod(folder, 0o755);
  const disk = join(folder, 'disk');
  await mkdir(disk);
  const { uid, gid } = await ownerOf(admin);
  await run('mount', mountWords(disk, [`size=${mebibytes}m`, `uid=${uid}`, `gid=${gid}`]));
  t.teardown(async () => {
    await admin.destroy();
    await postgres.stop();
    await run('umount', [disk]);
    await rm(folder, { recursive: true });
  });
  await sql`create tablespace small location ${sql.lit(disk)}`.execute(admin);
  await sql`create database small tablespace small`.execute(admin);
  const url = new URL(postgres.url);
  url.pathname = 'small';
  const filler = join(disk, 'filler');
  return {
    databaseUrl: url.href,
    fill: () => fillUp(filler),
    empty: () => rm(filler),
  };
}

async function fillUp(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (let bytes = 1024 * 1024; bytes >= 1024; ) {
      const { bytesWritten } = await file
        .write(Buffer.alloc(bytes))
        .catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOSPC') throw error;
          return { bytesWritten: 0 };
        });
      if (bytesWritten < bytes) bytes /= 2;
    }
  } finally {
    await file.close();
  }
}

async function ownerOf(admin: Db) {
  const { rows } = await sql<{ directory: string }>`
    select current_setting('data_directory') as directory`.execute(admin);
  return stat(rows[0]?.directory as string);
}

async function mountProbe(): Promise<string | false> {
  const folder = await mkdtemp(join(tmpdir(), 'frontlog-disk-'));
  try {
    await run('mount', mountWords(folder, ['size=1m']));
    await run('umount', [folder]);
    return false;
  } catch {
    return 'a small file system cannot be mounted here';
  } finally {
    await rm(folder, { recursive: true });
  }
}

function mountWords(folder: string, options: readonly string[]): string[] {
  return ['-t', 'tmpfs', '-o', options.join(), 'tmpfs', folder];
}
