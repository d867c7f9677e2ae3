/** `frontlog config` as a user runs it. */
import t from 'tap';
import { run } from './command.ts';

const databaseUrl =
  'postgres://desk:s3cret@db.example.org:5432/frontlog?password=s3cret&sslmode=require';

// Seen to fail with the address of the database printed as it is.
t.test('every setting as it counts, and nothing that is secret', async (t) => {
  const settings = { KAFKA_BROKERS: 'a:1, b:2', ROLES: 'api, relay', PORT: '8081' };
  const asText = await run(databaseUrl, settings, 'config');
  t.match(asText, { code: 0, stderr: '' });
  t.match(asText.stdout, /^HOST=127\.0\.0\.1\nPORT=8081\nDATABASE_URL=postgres:.*\n/);
  t.match(
    asText.stdout,
    /\nKAFKA_BROKERS=a:1,b:2\n.*\nROLES=api,relay\nAUTH=none\n# OIDC_ISSUER=\n/s,
  );
  t.notMatch(asText.stdout, /s3cret/);
  const asJson = await run(databaseUrl, settings, 'config', '--json');
  t.match(JSON.parse(asJson.stdout), {
    ...{ PORT: 8081, OIDC_ISSUER: null, LOG_LEVEL: 'fatal' },
    DATABASE_URL:
      'postgres://desk:[redacted]@db.example.org:5432/frontlog?password=[redacted]&sslmode=require',
  });
  // Seen to fail with 0: it was taken for the name of a database at a host "base".
  const odd = await run('host=db password=s3cret', 'config');
  t.match(odd, { code: 2, stdout: '', stderr: /DATABASE_URL: is no URL/ });
  t.notMatch(odd.stderr, 's3cret');
  const socket = await run('postgres://me:s3cret@/log?host=/run/postgresql', 'config');
  t.match(socket, { code: 0, stdout: /\nDATABASE_URL=\[redacted\]\n/ });
  t.match(await run('', 'config'), { code: 0, stdout: /\n# DATABASE_URL=\n/ });
});

t.test('all faults are named at once, by any command', async (t) => {
  const faulty = {
    HOST: '0.0.0.0',
    PORT: 'x',
    ROLES: 'api,king',
    LOG_LEVEL: 'loud',
    AUTH: 'basic',
  };
  for (const command of ['config', 'start', 'status']) {
    const { code, stdout, stderr } = await run('', faulty, command);
    t.match({ code, stdout }, { code: 2, stdout: '' });
    for (const name of ['PORT', 'LOG_LEVEL', 'AUTH', 'ROLES']) t.match(stderr, name, command);
  }
  const jwt = await run('', { AUTH: 'jwt', ROLES: 'king' }, 'config');
  t.match(jwt, { code: 2, stderr: /ROLES: .*OIDC_AUDIENCE: .*OIDC_ISSUER: /s });
});
