import t from 'tap';
import { validate, version } from 'uuid';
import { newId } from '../../src/http/new-id.ts';

t.test('ids are UUIDv7, in order of time, and no two alike', async (t) => {
  const ids = Array.from({ length: 10_000 }, newId);
  t.equal(new Set(ids).size, ids.length);
  t.ok(ids.every((id) => validate(id) && version(id) === 7));
  const times = ids.map((id) => id.slice(0, 13));
  t.strictSame(times, times.toSorted());
});
