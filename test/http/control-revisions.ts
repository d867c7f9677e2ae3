/**
 * What Wikipedia's list of who holds which town in Ukraine said of Kupiansk and of Lyman, from 25
 * August to 14 September 2022: a row for each revision that said something else. From vi-enne's
 * controlCitiesUkraine (CC BY 4.0); its content is Wikipedia's (CC BY-SA 3.0).
 *
 * `said_at` is when the list was last updated, `as_of` the list's own date of the state. On 10
 * September the list gave Lyman to Ukraine, and put its former entry back the same evening.
 */
export type Revision = {
  readonly said_at: string;
  readonly name: string;
  readonly held_by: 'Ukraine' | 'Russia' | 'Contested';
  readonly as_of: string;
  /** When what this put back was said. */
  readonly takes_back?: string;
};

const row = (
  said_at: string,
  name: string,
  held_by: Revision['held_by'],
  as_of: string,
  more: Pick<Revision, 'takes_back'> = {},
): Revision => ({ said_at, name, held_by, as_of, ...more });

/** In the order in which they were said. */
export const revisions: readonly Revision[] = [
  row('2022-08-25T08:36:00Z', 'Kupiansk', 'Russia', '2022-04-14'),
  row('2022-08-25T08:36:00Z', 'Lyman', 'Russia', '2022-05-30'),
  row('2022-09-10T09:19:00Z', 'Kupiansk', 'Contested', '2022-04-14'),
  row('2022-09-10T11:29:00Z', 'Kupiansk', 'Contested', '2022-09-10'),
  row('2022-09-10T12:22:00Z', 'Lyman', 'Ukraine', '2022-09-10'),
  row('2022-09-10T12:55:00Z', 'Kupiansk', 'Ukraine', '2022-09-10'),
  row('2022-09-10T20:50:00Z', 'Lyman', 'Russia', '2022-05-30', {
    takes_back: '2022-09-10T12:22:00Z',
  }),
  row('2022-09-11T16:11:00Z', 'Lyman', 'Contested', '2022-05-30'),
  row('2022-09-11T19:29:00Z', 'Lyman', 'Contested', '2022-09-11'),
  row('2022-09-13T18:31:00Z', 'Kupiansk', 'Contested', '2022-09-10'),
  row('2022-09-13T18:54:00Z', 'Kupiansk', 'Ukraine', '2022-09-10'),
  row('2022-09-14T12:39:00Z', 'Lyman', 'Russia', '2022-09-11'),
];
