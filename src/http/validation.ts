/** Strict validation: bodies are never coerced; query strings, which hold only text, are. */

import { Ajv, type Options } from 'ajv';
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
  const asSent = ajv({ ...options, coerceTypes: false });
  // `strictNumbers` has a number that text overflows to, Infinity, pass unchecked.
  const fromText = ajv({ ...options, coerceTypes: true, strictNumbers: false });
  return ({ schema, httpPart }) => (httpPart === 'body' ? asSent : fromText).compile(schema);
}

function ajv(settings: Options): Ajv {
  const instance = new Ajv(settings);
  instance.addKeyword('x-refers-to');
  // Both packages are CommonJS: their default export is typed as a namespace.
  (addFormats as unknown as (ajv: Ajv) => void)(instance);
  return instance;
}
