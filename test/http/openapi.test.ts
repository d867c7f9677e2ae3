import { readFile } from 'node:fs/promises';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import t from 'tap';
import { openapiText } from '../../src/http/write-openapi.ts';

t.test('the committed API document is what the routes make: else `npm run openapi`', async (t) => {
  const committed = await readFile(new URL('../../openapi/openapi.json', import.meta.url), 'utf8');
  t.equal(await openapiText(), committed);
});

t.test('every operation has an id, a summary and problem responses', async (t) => {
  const { paths } = JSON.parse(await openapiText());
  const operations = Object.values(paths).flatMap((path) => Object.values(path as object));
  t.ok(operations.length > 10);
  const ids = operations.map(({ operationId }) => operationId);
  t.equal(new Set(ids).size, ids.length);
  for (const { operationId, summary, responses } of operations) {
    t.type(summary, 'string', operationId);
    t.ok(responses['500'].content['application/problem+json'], operationId);
  }
});

t.test('the document keeps the recommended rules of OpenAPI linting', async (t) => {
  const source = await openapiText();
  const config = await createConfig({ extends: ['recommended'] });
  const found = await lintFromString({ source, config });
  t.strictSame(
    found.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
    [],
  );
});

t.test('every body and every answer that is written has an example or a schema', async (t) => {
  const { paths } = JSON.parse(await openapiText());
  for (const [path, { post }] of Object.entries<{ post?: object }>(paths)) {
    if (post === undefined || path.startsWith('/v1/ops/')) continue;
    const { content } = (post as { requestBody: { content: Record<string, object> } }).requestBody;
    t.match(JSON.stringify(content), /"examples?":/, path);
  }
});
