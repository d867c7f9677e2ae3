/** Strict validation: bodies are never coerced; query strings, which hold only text, are. */

import type { Ajv, Options } from 'ajv';
// JSON Schema 2020-12, which OpenAPI 3.1 is written in.
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';

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
  const fromText = ajv({ ...options, coerceTypes: true });
  return ({ schema, httpPart }) => (httpPart === 'body' ? asSent : fromText).compile(schema);
}

/** What validates bodies: nothing is coerced, nothing is dropped. */
export function strictAjv(): Ajv {
  return ajv({ ...options, coerceTypes: false });
}

function ajv(settings: Options): Ajv {
  const instance = new Ajv2020(settings);
  instance.addKeyword('x-refers-to');
  // Both packages are CommonJS: their default export is typed as a namespace.
  (addFormats as unknown as (ajv: Ajv) => void)(instance);
  return instance;
}
