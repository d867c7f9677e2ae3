/** API keys: 256 random bits each, of which only the SHA-256 is kept. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { Db } from '../db.ts';
import { type Principal, type Scope, scopesAmong, type Verify } from './principal.ts';

const keyBytes = 32;
const cacheLifetimeMs = 2_000;
const cachedKeysMax = 1_000;

const listed = ['id', 'name', 'scopes', 'created_at', 'revoked_at'] as const;

/** What is known of a key, which is not the key itself. */
export type ApiKey = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly created_at: string;
  readonly revoked_at: string | null;
};

/** Makes a key. The answer is the only place where it can ever be read. */
export async function createKey(
  db: Db,
  name: string,
  scopes: readonly Scope[],
): Promise<{ id: string; key: string }> {
  const id = uuidv7();
  const key = `fl_${randomBytes(keyBytes).toString('base64url')}`;
  const row = { id, name, scopes: [...scopes], key_sha256: sha256(key) };
  await db.insertInto('api_keys').values(row).execute();
  return { id, key };
}

/** Every key there ever was, oldest first. */
export function listKeys(db: Db): Promise<ApiKey[]> {
  return db.selectFrom('api_keys').select(listed).orderBy('created_at').orderBy('id').execute();
}

/** Ends a key, which keeps the time of its first end; undefined where there is no such key. */
export function revokeKey(db: Db, id: string): Promise<ApiKey | undefined> {
  return db
    .updateTable('api_keys')
    .set({ revoked_at: sql<string>`coalesce(revoked_at, now())` })
    .where('id', '=', id)
    .returning(listed)
    .executeTakeFirst();
}

/** Whether `token` has the shape of our keys. */
export function isKey(token: string): boolean {
  return /^fl_[A-Za-z0-9_-]{43}$/.test(token);
}

/**
 * Verifies keys. A key found good is taken for good for `cacheLifetimeMs` more: by then a revoked
 * one is refused, in every process.
 */
export function keyVerifier(db: Db): Verify {
  const cache = new Map<string, { principal: Principal; until: number }>();
  return async (key) => {
    const hash = sha256(key);
    const at = hash.toString('hex');
    const askedAt = performance.now();
    const cached = cache.get(at);
    if (cached !== undefined && askedAt < cached.until) return cached.principal;
    cache.delete(at);
    const row = await db
      .selectFrom('api_keys')
      .select(['id', 'scopes', 'key_sha256'])
      .where('key_sha256', '=', hash)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    // The index may tell by its time how far a guess was right, but only of a hash, which leads to
    // no key; the last word takes the same time for all.
    if (row === undefined || !timingSafeEqual(row.key_sha256, hash)) {
      return { refused: 'the key is unknown or revoked' };
    }
    const principal = { id: `key:${row.id}`, scopes: scopesAmong(row.scopes) };
    const [oldest] = cache.keys();
    if (cache.size >= cachedKeysMax && oldest !== undefined) cache.delete(oldest);
    cache.set(at, { principal, until: askedAt + cacheLifetimeMs });
    return principal;
  };
}

function sha256(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
