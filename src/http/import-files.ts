/** Files sent to be imported by this process, and the end of an import that it runs. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Db } from '../db.ts';
import { EntityId } from '../domain/vocabulary.ts';
import { formats } from '../import/formats.ts';
import { findImport } from '../import/imports.ts';
import { uploadBytesMax } from '../import/received-files.ts';
import { linesType } from './bulk.ts';
import { sendProblem } from './errors.ts';
import { letGoOf } from './event-lines.ts';
import { Import } from './import-shown.ts';
import { problems } from './problem-responses.ts';

/** What refuses, and how that is answered. */
const statusOf = {
  malformed: 400,
  'upload-broken': 400,
  'import-unknown': 404,
  'import-cancelled': 409,
  'import-elsewhere': 409,
  'import-over': 409,
  'import-under-way': 409,
  'too-large': 413,
  'upload-not-kept': 503,
  closing: 503,
} as const;
type Refusal = {
  readonly code: keyof typeof statusOf;
  readonly detail: string;
  /** The query parameter at fault. */
  readonly parameter?: string;
  /** The import that is in the way. */
  readonly id?: string;
};

/** Who imports what is sent. */
export type Uploads = {
  /** Answers once the file is there, and its import under way. */
  start(asked: Upload, body: Readable): Promise<{ id: string } | Refusal>;
  /** Answers once it has stopped. */
  cancel(id: string): Promise<Refusal | undefined>;
};
type Upload = {
  readonly format: string;
  readonly file: string;
  readonly options: {
    readonly conflict: string | undefined;
    readonly encoding: string | undefined;
    readonly published: string | undefined;
    readonly full: number | undefined;
  };
  readonly principal: string;
  readonly bytes: number | undefined;
};

const fileTypes = ['text/csv', linesType, 'application/json', 'application/octet-stream'];
const fileNameDefault = 'upload';
const tags = ['ops'];
const Query = Type.Object(
  {
    format: Type.String({ enum: [...formats] }),
    filename: Type.Optional(
      Type.String({
        pattern: '^[^/\\\\\\x00-\\x1f\\x7f]{1,255}$',
        default: fileNameDefault,
        description: 'By which it is shown; without a folder.',
      }),
    ),
    conflict: Type.Optional({
      ...EntityId,
      description: 'Of all rows, where they do not say it or another is wanted.',
    }),
    published: Type.Optional(
      Type.String({ format: 'date', description: 'Absent: the last date in the file.' }),
    ),
    encoding: Type.Optional(
      Type.String({
        maxLength: 40,
        description: 'By its label of the WHATWG standard; absent: UTF-8.',
        examples: ['windows-1251'],
      }),
    ),
    full: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 100,
        description:
          'End claims that are no longer in the file, if these are at most so many of a hundred.',
      }),
    ),
  },
  { additionalProperties: false },
);
const params = Type.Object({ id: Type.String({ format: 'uuid' }) });

export function addImportFiles(app: FastifyInstance, db: Db, uploads: Uploads): void {
  // In a context of its own, as elsewhere JSON is read as a whole.
  app.register(async (own) => {
    own.removeContentTypeParser(['application/json', linesType]);
    own.addContentTypeParser(fileTypes, (_request, payload, done) => done(null, payload));
    addUpload(own, db, uploads);
  });
  app.post('/v1/ops/imports/:id/cancel', {
    config: { scope: 'ops' },
    schema: {
      operationId: 'cancelImport',
      summary: 'Stop an import that this process runs; sent again, its file goes on',
      tags,
      params,
      response: { 200: Import, ...problems(400, 404, 409, 413, 415, 500) },
    },
    handler: async (request, reply) => {
      const { id } = request.params as { id: string };
      const refusal = await uploads.cancel(id);
      if (refusal !== undefined) return refuse(request, reply, refusal);
      return reply.send(await findImport(db, id));
    },
  });
}

function addUpload(app: FastifyInstance, db: Db, uploads: Uploads): void {
  const file = { schema: Type.Unsafe({}) };
  app.post('/v1/ops/imports', {
    config: { scope: 'import' },
    schema: {
      operationId: 'importFile',
      summary: 'Send a file to be imported by this process, one at a time',
      description:
        `As \`frontlog import\` takes it, of at most ${uploadBytesMax} bytes. Answered once all ` +
        'of it is there; it is then imported in the background, and gone after. Sent again, it ' +
        'records nothing twice, and goes on where it was stopped: an `Idempotency-Key` is not ' +
        'looked at.',
      tags,
      querystring: Query,
      body: { content: Object.fromEntries(fileTypes.map((type) => [type, file])) } as never,
      response: {
        202: {
          description: 'The file is there, and its import under way.',
          headers: { location: Type.String() },
          content: { 'application/json': { schema: Import } },
        },
        ...problems(400, 405, 409, 413, 415, 500),
      },
    },
    handler: async (request, reply) => {
      // What is not read of a file has its connection end with the answer.
      reply.raw.once('finish', () => letGoOf(request.raw));
      const { body } = request;
      if (!(body instanceof Readable)) {
        const detail = `a file comes as ${fileTypes.join(', ')}`;
        return sendProblem(request, reply, { status: 415, code: 'unsupported-media-type', detail });
      }
      const outcome = await uploads.start(uploadOf(request), body);
      if ('code' in outcome) return refuse(request, reply, outcome);
      const { id } = outcome;
      return reply
        .status(202)
        .header('location', `/v1/ops/imports/${id}`)
        .send(await findImport(db, id));
    },
  });
}

function uploadOf({ query, headers, principal }: FastifyRequest): Upload {
  const { format, filename, ...rest } = query as Static<typeof Query>;
  const { conflict, encoding, published, full } = rest;
  const { 'content-length': length } = headers;
  return {
    ...{ format, file: filename ?? fileNameDefault, principal },
    options: { conflict, encoding, published, full },
    bytes: length === undefined ? undefined : Number(length),
  };
}

function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal) {
  const { code, detail, parameter, id } = refusal;
  if (!request.raw.complete) reply.header('connection', 'close');
  if (id !== undefined) reply.header('location', `/v1/ops/imports/${id}`);
  const errors =
    parameter === undefined ? [] : [{ pointer: `/${parameter}`, detail, in: 'query' as const }];
  return sendProblem(request, reply, { status: statusOf[code], code, detail, errors });
}
