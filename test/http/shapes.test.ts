/**
 * The shapes of three data sets can be said. The figures are from PetroIvaniuk's and Lod Softworks'
 * transcriptions of the General Staff of Ukraine (both MIT) and from Wikipedia's list of who holds
 * which town, by vi-enne (CC BY 4.0; content CC BY-SA 3.0).
 */
import t from 'tap';
import { get, post, recordSeed, testService } from '../service.ts';

const conflict_id = 'russia-ukraine-2022';

t.test('two transcriptions of a bulletin: one claim, corrected, or found again', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  const general = { id: 'ua-general-staff', name: 'General Staff of Ukraine', kind: 'armed_force' };
  await post(`${url}/v1/actors`, general);
  const said = {
    conflict_id,
    attribution: {
      claimant_id: 'ua-general-staff',
      chain: [{ actor_id: 'ua-general-staff', role: 'originator' }],
    },
    asserted_at: '2022-09-12',
  };
  const losses = (id: string, equipment_class: string, value: number) => ({
    id,
    ...said,
    proposition: {
      kind: 'equipment_losses',
      side_id: 'ru',
      equipment_class,
      quantity: { value, qualifier: 'exact', unit: '{vehicle}', measure: 'cumulative' },
    },
  });
  t.equal((await post(`${url}/v1/claims`, losses('tanks', 'tank', 2_169))).status, 201);
  const path = `${url}/v1/claims/tanks/corrections`;
  const corrected = await post(path, {
    ...said,
    cause: 'extraction_error',
    field: '/proposition/quantity/value',
    from: 2_169,
    to: 2_168,
    reason: 'the other transcription of the same bulletin',
  });
  t.equal(corrected.status, 201);
  const personnel = {
    id: 'personnel',
    ...said,
    proposition: {
      kind: 'casualties',
      side_id: 'ru',
      category: 'military',
      outcome: 'killed',
      quantity: {
        value: 52_950,
        qualifier: 'approximately',
        unit: '{person}',
        measure: 'cumulative',
      },
    },
  };
  t.equal((await post(`${url}/v1/claims`, personnel)).status, 201);
  const { body } = await get<{ items: { data: object }[] }>(`${url}/v1/streams/claim-personnel`);
  t.match(body.items[0]?.data, {
    proposition: { quantity: { low: null, best: 52_950, high: null } },
  });
});

t.test('who holds a town, hour by hour, with what was recorded when', async (t) => {
  const { url } = await testService(t);
  await recordSeed(url);
  await post(`${url}/v1/actors`, { id: 'wikipedia', name: 'Wikipedia', kind: 'assessor' });
  const revisions: [string, string | null, string][] = [
    ['2022-09-10T08:11:00Z', 'ua', 'controlled'],
    ['2022-09-13T18:31:00Z', null, 'contested'],
    ['2022-09-13T18:54:00Z', 'ua', 'controlled'],
  ];
  for (const [asserted_at, controller_id, status] of revisions) {
    const answer = await post(`${url}/v1/claims`, {
      conflict_id,
      attribution: {
        claimant_id: 'wikipedia',
        chain: [{ actor_id: 'wikipedia', role: 'publisher' }],
      },
      occurred: { from: asserted_at.slice(0, 10), date_precision: 1 },
      asserted_at,
      places: [{ place_id: 'geonames:703656', relation: 'at' }],
      place_precision: 1,
      proposition: { kind: 'control', controller_id, status, basis: 'assessed' },
    });
    t.equal(answer.status, 201);
  }
});
