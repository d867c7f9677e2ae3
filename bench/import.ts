/**
 * CloudEvents through the deciders: events a second into an empty log, the same again when all are
 * known, and whether memory stays what it was, however many there are.
 */
import { Readable } from 'node:stream';
import { importLines } from '../src/import/lines.ts';
import { closedLoop, round, table } from './measure.ts';
import type { Bench } from './run.ts';
import { frontlog } from './stores.ts';

const linesPerChunk = 100;
const quiet = {
  signal: new AbortController().signal,
  onRejected: fail,
  onProgress: () => undefined,
};

export const benchImport: Bench = async (fresh, short) => {
  const lines = short ? 20_000 : 300_000;
  const rows = [];
  const { store, close } = await frontlog(await fresh('import'));
  for (const what of ['into an empty log', 'the same again']) {
    const memory = watchMemory();
    let ended = { recorded: 0, known: 0 };
    const figure = await closedLoop(
      async () => {
        const bytes = Readable.from(events(lines).map((text) => Buffer.from(text)));
        ended = (await importLines({ store, bytes, ...quiet })).rows;
      },
      // One import, however long it takes.
      { callers: 1, ms: 0.001, eventsPerCall: lines },
    );
    const { per_s, node_us, postgres_us } = figure;
    const { recorded, known } = ended;
    rows.push({ '': what, lines, recorded, known, per_s, node_us, postgres_us, ...memory() });
  }
  await close();
  return { text: table(rows), json: rows };
};

/** Of this process, in MB: in the first fifth of the time, and at most. */
function watchMemory() {
  const seen: number[] = [];
  const look = () => seen.push(process.memoryUsage().rss / 1e6);
  look();
  const timer = setInterval(look, 100);
  return () => {
    clearInterval(timer);
    const early = seen.slice(0, Math.ceil(seen.length / 5));
    return {
      rss_mb_early: round(Math.max(...early), 0),
      rss_mb_most: round(Math.max(...seen), 0),
    };
  };
}

/** A register, and claims of the shape that data sets have; the same whenever it is asked. */
function* events(claims: number): Generator<string> {
  const line = (type: string, id: string, data: object) =>
    `${JSON.stringify({ specversion: '1.0', id, source: 'urn:bench', type, data })}\n`;
  yield line('frontlog.actor-registered.v1', 'a', {
    ...{ actor_id: 'ua', name: 'Ukraine', kind: 'state' },
  });
  yield line('frontlog.conflict-registered.v1', 'c', { conflict_id: 'c1', name: 'C' });
  yield line('frontlog.place-registered.v1', 'p', { place_id: 'p1', name: 'P' });
  let chunk = '';
  for (let i = 3; i < claims; i += 1) {
    chunk += line('frontlog.claim-made.v1', `k${i}`, claim(i));
    if (i % linesPerChunk > 0) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

function claim(i: number) {
  const value = i % 1_000;
  return {
    claim_id: `k${i}`,
    conflict_id: 'c1',
    attribution: { claimant_id: 'ua', chain: [{ actor_id: 'ua', role: 'originator' }] },
    asserted_at: '2022-09-12',
    occurred: { from: '2022-09-12', to: '2022-09-12', date_precision: 1 },
    places: [{ place_id: 'p1', relation: 'at' }],
    place_precision: 1,
    external_codes: [{ scheme: 'bench', version: '1', code: String(i) }],
    proposition: {
      kind: 'casualties',
      side_id: 'ua',
      category: 'military',
      outcome: 'killed',
      quantity: { value, qualifier: 'unspecified', unit: '{person}', measure: 'increment' },
    },
  };
}

function fail(row: object): never {
  throw new Error(`refused: ${JSON.stringify(row)}`);
}
