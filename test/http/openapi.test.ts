import { readFile } from 'node:fs/promises';
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
