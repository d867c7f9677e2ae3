/** Where what was written can be read. */

const resources: Record<string, string> = {
  conflict: 'conflicts',
  actor: 'actors',
  place: 'places',
  report: 'reports',
};

/** Where what was written can be read: the resource, or else its stream. */
export function locationOf(stream: string): string {
  const at = stream.indexOf('-');
  const resource = resources[stream.slice(0, at)];
  if (resource === undefined) return `/v1/streams/${encodeURIComponent(stream)}`;
  return `/v1/${resource}/${encodeURIComponent(stream.slice(at + 1))}`;
}
