/** Holds the log to a note of its head that was kept elsewhere: what it was over is there still. */
import type { NotNull } from 'kysely';
import type { Db } from '../db.ts';
import { openNote } from '../log-tree/note.ts';
import { nodeReader } from '../log-tree/tiles.ts';
import { rootOf } from '../log-tree/tree.ts';
import type { Finding } from './finding.ts';

/**
 * The note as `GET /v1/log/head` gives it as text. The tiles are to have been verified, as what it
 * says is compared with the root that they make. `publicKey`: whose notes are believed; absent: the
 * one of the log's head, which whoever can change the database may have put there.
 */
export async function verifyNote(
  db: Db,
  note: string,
  publicKey?: Buffer,
): Promise<readonly Finding[]> {
  const found = (detail: string, position: number | null = null): readonly Finding[] => [
    { check: 'note', position, detail },
  ];
  const head = await db
    .selectFrom(['log_head', 'log_identity'])
    .select(['size', 'public_key', 'log_id'])
    .$narrowType<{ log_id: NotNull }>()
    .executeTakeFirst();
  if (head === undefined) return found('the log has no signed head to compare it with');
  const kept = openNote(note, head.log_id, publicKey ?? head.public_key);
  if (kept === undefined) return found('is of another log, or signed by another key, or no note');
  if (publicKey !== undefined && !publicKey.equals(head.public_key)) {
    return found('is signed by the key that was given, and the head of the log by another');
  }
  if (kept.size > head.size) {
    const detail = `is of ${kept.size} events, and the signed head of the log is over ${head.size}`;
    return found(detail, head.size + 1);
  }
  const root = await rootOf(kept.size, nodeReader(db));
  return root.equals(kept.root) ? [] : found('is of other events than the log has', kept.size);
}
