/** The next page is made while the one before is worked on. */

/**
 * `pages`, the one after a full page made while that one is worked on. Not after a smaller one:
 * what is read ahead there holds less than what would come in the meantime. Ending `pages` where
 * not all are read is left to the caller.
 */
export async function* readAhead<Page>(
  pages: AsyncGenerator<Page, void>,
  isFull: (page: Page) => boolean = () => true,
): AsyncGenerator<Page, void> {
  let next = pages.next();
  for (;;) {
    const { value, done } = await next;
    if (done === true) return;
    const isAhead = isFull(value);
    if (isAhead) {
      next = pages.next();
      // Heard of where it is waited for, if it ever is.
      next.catch(() => undefined);
    }
    yield value;
    if (!isAhead) next = pages.next();
  }
}
