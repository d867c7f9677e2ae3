/**
 * Holds every answer that the tests get to the API's own document: a status that is not documented,
 * or a body outside its schema, throws.
 */
import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

type Operation = {
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
};
const document = JSON.parse(
  await readFile(new URL('../openapi/openapi.json', import.meta.url), 'utf8'),
);
const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema(document, 'openapi');

const templates = Object.keys(document.paths).map((template) => ({
  template,
  // A path without parameters before one with: /v1/events/stream before /v1/events/{id}.
  pattern: new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`),
  parameters: (template.match(/\{/g) ?? []).length,
}));
templates.sort((a, b) => a.parameters - b.parameters);

/** Throws where the answer is not as documented. */
export function checkAnswer(
  method: string,
  url: string,
  answer: { status: number; contentType: string; body: unknown },
): void {
  const { pathname } = new URL(url);
  const known = templates.find(({ pattern }) => pattern.test(pathname));
  const operation: Operation | undefined =
    known && document.paths[known.template][method.toLowerCase()];
  // What is not there is answered as such, and is in no document.
  if (known === undefined || operation === undefined) return;
  const at = `${method} ${known.template} ${answer.status}`;
  const response = operation.responses[answer.status];
  if (response === undefined) throw new Error(`${at} is not documented`);
  const type = answer.contentType.split(';')[0] as string;
  if (response.content?.[type] === undefined) throw new Error(`${at}: ${type} is not documented`);
  const pointer = ['paths', known.template, method.toLowerCase(), 'responses', answer.status]
    .concat(['content', type, 'schema'])
    .map((name) => encodeURIComponent(String(name).replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  const validate = ajv.compile({ $ref: `openapi#/${pointer}` });
  if (typeof answer.body === 'object' && !validate(answer.body)) {
    throw new Error(`${at}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(answer.body)}`);
  }
}
