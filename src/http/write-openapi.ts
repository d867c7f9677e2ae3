/** `npm run openapi`: writes the API document that the routes make into openapi/openapi.json. */
import { writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { makeMetrics } from '../metrics.ts';
import { httpServer } from './server.ts';

/** The document's text. No route is called, so no part behind them is needed. */
export async function openapiText(): Promise<string> {
  const parts = {
    logger: pino({ level: 'silent' }),
    auth: { keys: false, jwt: undefined, readsOpen: false },
    requestsPerMinute: 0,
    metrics: { metrics: makeMetrics() },
  } as unknown as Parameters<typeof httpServer>[0];
  const app = await httpServer(parts);
  const text = `${JSON.stringify(app.swagger(), null, 2)}\n`;
  await app.close();
  return text;
}

if (import.meta.main) {
  await writeFile(new URL('../../openapi/openapi.json', import.meta.url), await openapiText());
}
