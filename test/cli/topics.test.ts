/** `frontlog topics` and `frontlog replay`, where they may not be run. */
import t from 'tap';
import { settleSite } from '../../src/mirror/site.ts';
import { freshDatabase } from '../db.ts';
import { run } from './command.ts';

// Nobody is there: what is refused is so before Kafka is asked.
const settings = { KAFKA_BROKERS: '127.0.0.1:1' };

// Seen to fail: a mirror's database has another lock, and the primary's topics were deleted.
t.test('a read site neither makes topics anew nor publishes', async (t) => {
  const { url, db } = await freshDatabase(t);
  await settleSite(db, 'kafka');
  for (const words of [
    ['topics', 'recreate', '--yes'],
    ['replay', '--from', '1', '--to', '2'],
    ['replay', '--resume', 'x'],
  ]) {
    const { code, stdout, stderr } = await run(url, settings, ...words);
    t.match({ code, stdout }, { code: 2, stdout: '' }, words.join(' '));
    t.match(stderr, /is the mirror of a read site/, words.join(' '));
  }
});
