/** What examples of bodies share in the API's documents: the report of 12 September 2022. */

export const conflictId = 'russia-ukraine-2022';

/** As the Russian ministry said it, through AFP, in a report of CNN Indonesia. */
export const said = {
  conflict_id: conflictId,
  attribution: {
    claimant_id: 'ru-mod',
    chain: [
      { actor_id: 'ru-mod', role: 'originator' },
      { actor_id: 'afp', role: 'relay' },
      { actor_id: 'cnn-indonesia', role: 'publisher', report_id: 'cnn-indonesia-2022-09-12' },
    ],
  },
  asserted_at: '2022-09-12',
};
export const on12September = {
  occurred: { from: '2022-09-12', to: '2022-09-12', date_precision: 1 },
};
