/** `npm run openapi`: writes the document of the topics into openapi/asyncapi.json. */
import { writeFile } from 'node:fs/promises';
import { asyncapi } from './asyncapi.ts';

const text = `${JSON.stringify(asyncapi(), null, 2)}\n`;
await writeFile(new URL('../../openapi/asyncapi.json', import.meta.url), text);
