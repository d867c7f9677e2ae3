import t from 'tap';
import { int8Array } from '../../src/eventstore/binary-array.ts';
import { openPipeline } from '../../src/pipeline.ts';
import { laneConnections } from '../../src/projections/connections.ts';
import { freshDatabase } from '../db.ts';

/** So often PostgreSQL plans for given values before it compares. */
const customPlans = 5;

// Seen to fail without `plan_cache_mode`: a plan for three values seems cheaper than one for any.
t.test('a statement is planned once, not for each batch', async (t) => {
  const { url } = await freshDatabase(t);
  const connections = laneConnections(() => openPipeline(url));
  t.teardown(() => connections.close());
  const { send } = await connections.open();
  const text = `select c.relname from unnest($1::bigint[]) as wanted(id)
    join pg_class c on c.oid = wanted.id`;
  for (let i = 0; i < 2 * customPlans; i += 1) {
    await send([{ text, values: [int8Array([1259, 1249, 1255])] }]);
  }
  const plans = `select sum(custom_plans)::bigint as custom from pg_prepared_statements
    where statement like '%wanted(id)%'`;
  const [rows] = await send([{ text: plans, values: [] }]);
  t.strictSame(rows, [{ custom: 0 }]);
});
