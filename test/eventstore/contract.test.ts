import t from 'tap';
import { freshStore } from '../db.ts';
import { contract } from './contract.ts';
import { inMemoryEventStore } from './in-memory.ts';

t.test('PostgreSQL', async (t) => contract(t, async (t) => (await freshStore(t)).store));

t.test('in memory', async (t) => contract(t, async () => inMemoryEventStore()));
