/** Cursors that were not given out. */

/** A view's cursor as of `position`, that would go on after `text`. */
export function forgedCursor(text: string, position = 0): string {
  return Buffer.from(`${position}@${text}`).toString('base64url');
}
