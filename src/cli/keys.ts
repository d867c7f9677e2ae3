/** `frontlog keys create | list | revoke`: who may use the API. */
import { type ApiKey, createKey, listKeys, revokeKey } from '../auth/keys.ts';
import { type Scope, scopes } from '../auth/principal.ts';
import { readConfig } from '../config.ts';
import type { Db } from '../db.ts';
import { withDatabase } from './database.ts';
import { UsageError } from './exit.ts';
import { makeLogger } from './logger.ts';

const nameLengthMax = 100;

/** The key goes to stdout, once; what else there is to say to stderr. */
export async function runKeysCreate(options: {
  name: string;
  scopes: string;
  json?: boolean;
}): Promise<void> {
  const name = parseName(options.name);
  const granted = parseScopes(options.scopes);
  const { id, key } = await inDatabase((db) => createKey(db, name, granted));
  if (options.json) return print(JSON.stringify({ id, name, scopes: granted, key }));
  process.stderr.write(`key ${id} may ${granted.join(', ')}; it is shown this once:\n`);
  print(key);
}

export async function runKeysList({ json }: { json?: boolean }): Promise<void> {
  const keys = await inDatabase(listKeys);
  if (json) return print(JSON.stringify(keys));
  for (const key of keys) print(lineOf(key));
}

export async function runKeysRevoke(id: string, { json }: { json?: boolean }): Promise<void> {
  const key = await inDatabase((db) => revokeKey(db, id));
  if (key === undefined) throw new UsageError(`there is no key ${id}`);
  print(json ? JSON.stringify(key) : lineOf(key));
}

async function inDatabase<Result>(work: (db: Db) => Promise<Result>): Promise<Result> {
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  return withDatabase(config, makeLogger(config.logLevel), ({ db }) => work(db));
}

// It is printed as it is: nothing in it may move the cursor or pass for a column.
function parseName(name: string): string {
  if (name.length > nameLengthMax || !/^[^\p{C}\p{Z}]+( [^\p{C}\p{Z}]+)*$/u.test(name)) {
    throw new UsageError(`--name: 1 to ${nameLengthMax} printable characters`);
  }
  return name;
}

function parseScopes(list: string): Scope[] {
  const asked = list.split(',').map((scope) => scope.trim());
  const unknown = asked.find((scope) => !scopes.includes(scope as Scope));
  if (unknown !== undefined) {
    throw new UsageError(`--scopes: there is no scope "${unknown}", only ${scopes.join(', ')}`);
  }
  return scopes.filter((scope) => asked.includes(scope));
}

function lineOf({ id, name, scopes, created_at, revoked_at }: ApiKey): string {
  const state = revoked_at === null ? 'good' : `revoked ${revoked_at}`;
  return [id, name, scopes.join(','), `created ${created_at}`, state].join('\t');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
