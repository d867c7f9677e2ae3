/** The log's evidence: its signed head, and proofs that an event and an earlier head are in it. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { NotNull } from 'kysely';
import { Type } from 'typebox';
import type { Db } from '../db.ts';
import { entryOf, leafHash } from '../log-tree/entry.ts';
import { verifierKey } from '../log-tree/note.ts';
import { readRaw } from '../log-tree/seal.ts';
import { nodeReader } from '../log-tree/tiles.ts';
import { consistencyPath, inclusionPath, rootOf } from '../log-tree/tree.ts';
import { sendNotFound, sendProblem } from './errors.ts';
import { problems } from './problem-responses.ts';

const Size = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'A number of events, from the first on: also the position of the last of them.',
});
const Hash = Type.String({
  contentEncoding: 'base64',
  pattern: '^[A-Za-z0-9+/]{43}=$',
  description: 'SHA-256, as RFC 9162 uses it; in base64.',
});
const Path = Type.Array(Hash, { description: 'From the leaf up.' });

const LogHead = Type.Object({
  log_id: Type.String({ format: 'uuid' }),
  size: Size,
  root_hash: Hash,
  signed_at: Type.String({ format: 'date-time' }),
  note: Type.String({
    description: 'The head as a signed note; see c2sp.org/tlog-checkpoint. Keep it: it is proof.',
  }),
  verifier_key: Type.String({
    description: 'The key of the note as a verifier of signed notes takes it. Pin it.',
  }),
});
const Consistency = Type.Object({
  from: Size,
  to: Size,
  from_root_hash: Hash,
  to_root_hash: Hash,
  path: Path,
});
const Inclusion = Type.Object({
  position: Type.Integer({ minimum: 1 }),
  size: Size,
  entry: Type.String({
    contentEncoding: 'base64',
    description:
      'What is hashed: position, id, stream, version, type, schema_version, recorded_at, data, ' +
      'metadata as they are stored, each behind its length in bytes (4 bytes, highest first).',
  }),
  leaf_hash: Hash,
  root_hash: Hash,
  path: Path,
});

export function addProofs(app: FastifyInstance, db: Db): void {
  app.get('/v1/log/head', {
    config: { scope: 'read' },
    schema: {
      operationId: 'getLogHead',
      summary: 'The signed head of the log',
      description: 'Signed about once a second while events come in: it may lag the log by that.',
      tags: ['log'],
      response: { 200: LogHead, ...problems(404, 500) },
    },
    handler: async (request, reply) => {
      const head = await findHead(db);
      if (head === undefined) return sendNotFound(request, reply, 'no head has been signed yet');
      const { log_id, size, root_hash, signed_at, note, public_key } = head;
      return {
        ...{ log_id, size, root_hash: root_hash.toString('base64'), signed_at, note },
        verifier_key: verifierKey(log_id, public_key),
      };
    },
  });
  app.get('/v1/log/proof', {
    config: { scope: 'read' },
    schema: {
      operationId: 'getConsistencyProof',
      summary: 'Prove that a later log begins with an earlier one',
      tags: ['log'],
      querystring: Type.Object(
        { from: Size, to: Type.Optional({ ...Size, description: 'Absent: the head.' }) },
        { additionalProperties: false },
      ),
      response: { 200: Consistency, ...problems(400, 500) },
    },
    handler: async (request, reply) => {
      const sealed = (await findHead(db))?.size ?? 0;
      const { from, to = sealed } = request.query as { from: number; to?: number };
      if (to > sealed) return refuse(request, reply, 'to', `is beyond the head, ${sealed}`);
      if (from > to) return refuse(request, reply, 'from', `is beyond ${to}`);
      const read = nodeReader(db);
      const path = await consistencyPath(from, to, read);
      return {
        ...{ from, to, path: path.map(toBase64) },
        from_root_hash: toBase64(await rootOf(from, read)),
        to_root_hash: toBase64(await rootOf(to, read)),
      };
    },
  });
  app.get('/v1/events/:id/proof', {
    config: { scope: 'read' },
    schema: {
      operationId: 'getInclusionProof',
      summary: 'Prove that an event is in the log',
      tags: ['log'],
      params: Type.Object({ id: Type.String({ format: 'uuid' }) }),
      querystring: Type.Object(
        {
          size: Type.Optional({
            ...Size,
            minimum: 1,
            description: 'Of the log; absent: the head.',
          }),
        },
        { additionalProperties: false },
      ),
      response: { 200: Inclusion, ...problems(400, 404, 500) },
    },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      const event = await findRaw(db, id);
      if (event === undefined) return sendNotFound(request, reply, `there is no event ${id}`);
      const { position } = event;
      const sealed = (await findHead(db))?.size ?? 0;
      const { size = sealed } = request.query as { size?: number };
      if (size > sealed) return refuse(request, reply, 'size', `is beyond the head, ${sealed}`);
      if (position > size) {
        const detail = `the event at ${position} is beyond ${size}; the head follows in seconds`;
        return refuse(request, reply, 'size', detail);
      }
      const entry = entryOf(event);
      const read = nodeReader(db);
      const path = await inclusionPath(position - 1, size, read);
      return {
        ...{ position, size, entry: toBase64(entry), leaf_hash: toBase64(leafHash(entry)) },
        root_hash: toBase64(await rootOf(size, read)),
        path: path.map(toBase64),
      };
    },
  });
}

function findHead(db: Db) {
  return db
    .selectFrom(['log_head', 'log_identity'])
    .selectAll()
    .$narrowType<{ log_id: NotNull }>()
    .executeTakeFirst();
}

async function findRaw(db: Db, id: string) {
  const found = await db.selectFrom('events').select('position').where('id', '=', id).execute();
  const position = found[0]?.position;
  if (position === undefined) return undefined;
  const [event] = await readRaw(db, position - 1, 1, 0);
  return event;
}

function refuse(request: FastifyRequest, reply: FastifyReply, name: string, detail: string) {
  return sendProblem(request, reply, {
    status: 400,
    code: 'beyond-log',
    detail: 'the log tree has no such size',
    errors: [{ pointer: `/${name}`, detail, in: 'query' }],
  });
}

function toBase64(bytes: Buffer): string {
  return bytes.toString('base64');
}
