/** Strict validation: bodies are never coerced; query strings, which hold only text, are. */

import type { Ajv, Options } from 'ajv';
// JSON Schema 2020-12, which OpenAPI 3.1 is written in.
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { sendProblem } from './errors.ts';
import { type Fault, pointerTo } from './faults.ts';

const options: Options = {
  allErrors: true,
  removeAdditional: false,
  useDefaults: true,
  discriminator: true,
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
};

/** Fastify's compiler of request schemas. */
export function strictValidation(): FastifySchemaCompiler<TSchema> {
  const asSent = strictAjv();
  // `strictNumbers` has a number that text overflows to, Infinity, pass unchecked.
  const fromText = ajv({ ...options, coerceTypes: true, strictNumbers: false });
  return ({ schema, httpPart }) => (httpPart === 'body' ? asSent : fromText).compile(schema);
}

/** What validates bodies: nothing is coerced, nothing is dropped. */
export function strictAjv(): Ajv {
  return ajv({ ...options, coerceTypes: false });
}

/** Makes `app` refuse a parameter given twice, and any where a route has none. */
export function useStrictQuery(app: FastifyInstance): void {
  app.addHook('preValidation', (request, reply, done) => {
    const given = Object.entries(request.query as Record<string, unknown>);
    // First, because a route's options are put together whenever they are asked for.
    if (given.length === 0) return done();
    const { schema } = request.routeOptions;
    if (schema === undefined || schema.hide) return done();
    const errors: Fault[] = [];
    for (const [name, value] of given) {
      const fault = (detail: string) =>
        errors.push({ pointer: pointerTo(name), detail, in: 'query' });
      if (schema.querystring === undefined) fault('is not a known parameter');
      else if (Array.isArray(value)) fault('is given more than once');
    }
    if (errors.length === 0) return done();
    const detail = 'the query does not fit its schema';
    sendProblem(request, reply, { status: 400, code: 'malformed', detail, errors });
  });
}

function ajv(settings: Options): Ajv {
  const instance = new Ajv2020(settings);
  instance.addKeyword('x-refers-to');
  // Both packages are CommonJS: their default export is typed as a namespace.
  (addFormats as unknown as (ajv: Ajv) => void)(instance);
  return instance;
}
