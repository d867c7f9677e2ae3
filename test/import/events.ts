/** CloudEvents of the shape that data sets have, as many as are asked for, always the same. */

const linesPerChunk = 100;

/** A register of three, and claims, one a line, in chunks of bytes; `count` lines in all. */
export function* eventLines(count: number): Generator<Buffer> {
  let chunk =
    line('actor-registered', 'a', { actor_id: 'ua', name: 'Ukraine', kind: 'state' }) +
    line('conflict-registered', 'c', { conflict_id: 'c1', name: 'C' }) +
    line('place-registered', 'p', { place_id: 'p1', name: 'P' });
  for (let i = 3; i < count; i += 1) {
    chunk += line('claim-made', `k${i}`, claim(i));
    if (i % linesPerChunk > 0) continue;
    yield Buffer.from(chunk);
    chunk = '';
  }
  yield Buffer.from(chunk);
}

function line(type: string, id: string, data: object): string {
  const event = { specversion: '1.0', id, source: 'urn:test', type: `frontlog.${type}.v1`, data };
  return `${JSON.stringify(event)}\n`;
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
    external_codes: [{ scheme: 'test', version: '1', code: String(i) }],
    proposition: {
      kind: 'casualties',
      side_id: 'ua',
      category: 'military',
      outcome: 'killed',
      quantity: { value, qualifier: 'unspecified', unit: '{person}', measure: 'increment' },
    },
  };
}
