/** Times as sources give them: instants and dates side by side, and what cannot be. */

/** One place in a command that the domain refuses, by JSON pointer (RFC 6901) into the command. */
export type Fault = { readonly pointer: string; readonly detail: string };

export const hourMs = 3_600_000;
// A date is a day in some zone: at the earliest it begins 14 hours before UTC's day, and at the
// latest it ends 12 hours after.
const zoneEastMs = 14 * hourMs;
const zoneWestMs = 12 * hourMs;
export const dayMs = 24 * hourMs;

/** Whether `second` is surely before `first`; a date and an instant of about that day are not. */
export function endsBefore(first: string, second: string): boolean {
  if (isDate(first) && isDate(second)) return second < first;
  return latest(second) < earliest(first);
}

/** What is impossible in the times of a command: an end before its start. */
export function timeFaults(data: object): Fault[] {
  const { occurred } = data as { occurred?: { from: string; to?: string } };
  if (occurred?.to === undefined || !endsBefore(occurred.from, occurred.to)) return [];
  return [{ pointer: '/occurred/to', detail: 'is before from' }];
}

/** When `moment` begins, in ms since 1970; a date as UTC's day: so all moments have an order. */
export function startMs(moment: string): number {
  return Date.parse(moment);
}

/** When `moment` is over, in ms since 1970: an instant at once, a date with UTC's day. */
export function endMs(moment: string): number {
  return Date.parse(moment) + (isDate(moment) ? dayMs : 0);
}

/** The last millisecond of `moment`, in ms since 1970: an instant's own, of a date UTC's day. */
export function lastMs(moment: string): number {
  return isDate(moment) ? endMs(moment) - 1 : endMs(moment);
}

/** The day of UTC in which `moment` begins. */
export function dayOf(moment: string): string {
  return isDate(moment) ? moment : new Date(moment).toISOString().slice(0, 10);
}

/** The last instant of `moment` to the microsecond; a date as UTC's day. */
export function lastInstantOf(moment: string): string {
  return isDate(moment) ? `${moment}T23:59:59.999999Z` : moment;
}

function earliest(moment: string): number {
  return Date.parse(moment) - (isDate(moment) ? zoneEastMs : 0);
}

function latest(moment: string): number {
  return Date.parse(moment) + (isDate(moment) ? dayMs + zoneWestMs : 0);
}

/** Whether `moment` is a date and no instant. */
export function isDate(moment: string): boolean {
  return moment.length === 'yyyy-mm-dd'.length;
}
