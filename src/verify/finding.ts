/** What verification finds: where something is not as it was recorded. */

export type Finding = {
  readonly check:
    | 'positions'
    | 'versions'
    | 'times'
    | 'sizes'
    | 'schemas'
    | 'hashes'
    | 'head'
    | 'note'
    | 'views'
    | 'topic';
  /** Of the first event that it concerns, where it concerns one. */
  readonly position: number | null;
  readonly detail: string;
};
