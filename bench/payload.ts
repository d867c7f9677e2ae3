/** What every contender stores: a claim as the log holds it, about 600 bytes. */
export const data = {
  claim_id: '0199a000-0000-7000-8000-000000000006',
  conflict_id: 'russia-ukraine-2022',
  attribution: {
    claimant_id: 'ru-mod',
    chain: [
      { actor_id: 'afp', role: 'relay' },
      { actor_id: 'cnn-indonesia', role: 'publisher', report_id: 'cnn-id-2022-09-12' },
    ],
    quote: { text: 'lebih dari 300 tentara Ukraina tewas dalam 24 jam', language: 'id' },
  },
  proposition: {
    kind: 'casualties',
    side_id: 'ua',
    category: 'military',
    outcome: 'killed',
    quantity: {
      ...{ value: 300, qualifier: 'more_than', unit: '{person}', measure: 'increment' },
      ...{ low: 301, best: null, high: null },
    },
  },
};
export const metadata = {
  correlation_id: '0199a000-0000-7000-8000-00000000abcd',
  recorded_by: 'b',
};
