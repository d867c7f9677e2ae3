/** The URL of the database: whether it is one, and how it may be shown. */

/** In the place of what is secret. */
export const redacted = '[redacted]';

/**
 * Adds to `faults` where it is none. The driver takes anything for a URL, and `host=db` for the
 * name of a database at a host of its own making. What it says shows nothing of a password.
 */
export function checkDatabaseUrl(text: string, faults: string[]): void {
  // Without a host, as for a socket that a parameter names, the driver reads it all the same.
  const isUrl = URL.canParse(text) || URL.canParse(text.replace('@/', '@host/'));
  if (isUrl && /^postgres(ql)?:\/\//i.test(text)) return;
  faults.push('DATABASE_URL: is no URL like postgres://user:password@host:5432/database');
}

/** As it is, without passwords: one may also be a parameter (libpq, 32.1.2). */
export function withoutSecrets(databaseUrl: string): string {
  const url = URL.parse(databaseUrl);
  if (url === null) return redacted;
  const { username, password, host, pathname, searchParams } = url;
  const user = username === '' ? '' : `${username}${password === '' ? '' : `:${redacted}`}@`;
  const parameters = [...searchParams].map(
    ([name, value]) => `${name}=${/password|sslkey/i.test(name) ? redacted : value}`,
  );
  const query = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  return `${url.protocol}//${user}${host}${pathname}${query}`;
}
