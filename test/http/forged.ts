/** Cursors that were not given out. */

/** A view's cursor as of the log's first event, that would go on after `text`. */
export function forgedCursor(text: string): string {
  return Buffer.from(`1@${text}`).toString('base64url');
}
