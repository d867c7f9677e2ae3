/**
 * The limit of reads in the bench `projections`: Fastify routes that select the same rows by hand,
 * and send them as JSON. `node bench/bare-reads.ts DATABASE_URL ROUTES`, which are a JSON object of
 * statements by path.
 */
import Fastify from 'fastify';
import { openPool } from '../src/db.ts';

const [url, routes] = process.argv.slice(2) as [string, string];
const pool = openPool(url, (error) => process.stderr.write(`# ${error}\n`));
const app = Fastify();
for (const [path, texts] of Object.entries(JSON.parse(routes) as Record<string, string[]>)) {
  app.get(path, async () => {
    const found = await Promise.all(
      texts.map((text, i) => pool.query({ name: `${path}${i}`, text })),
    );
    return found.map(({ rows }) => rows);
  });
}
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1' })}\n`);
