import { readFile } from 'node:fs/promises';
import t from 'tap';
import { readConfig } from '../src/config.ts';

t.test('without settings everything is embedded and on loopback', async (t) => {
  t.match(readConfig({}), {
    host: '127.0.0.1',
    port: 8080,
    databaseUrl: undefined,
    kafka: 'embedded',
    dataDir: '.frontlog',
    roles: ['api', 'relay', 'projector'],
  });
});

t.test('settings are read as they are documented', async (t) => {
  const config = readConfig({ PORT: '0', KAFKA_BROKERS: 'a:1, b:2', ROLES: 'api' });
  t.match(config, { port: 0, kafka: { brokers: ['a:1', 'b:2'] }, roles: ['api'] });
  t.equal(readConfig({ KAFKA_BROKERS: 'none' }).kafka, 'none');
});

t.test('all faults are named at once', async (t) => {
  const faulty = () => readConfig({ HOST: '0.0.0.0', PORT: 'x', ROLES: 'api,king' });
  t.throws(faulty, { message: /PORT.*ROLES: there is no role "king".*HOST/s });
});

t.test('.env.example names every setting', async (t) => {
  const example = await readFile(new URL('../.env.example', import.meta.url), 'utf8');
  const source = await readFile(new URL('../src/config.ts', import.meta.url), 'utf8');
  const settings = source.match(/^ {2}([A-Z_]+): Type/gm)?.map((one) => one.trim().split(':')[0]);
  t.ok((settings?.length ?? 0) > 5);
  for (const setting of settings ?? []) t.match(example, new RegExp(`^#? ?${setting}=`, 'm'));
});

// Seen to fail: with every HOST accepted.
t.test('it listens beyond loopback only with authentication', async (t) => {
  t.throws(() => readConfig({ HOST: '0.0.0.0' }), { message: /HOST: 0\.0\.0\.0 is beyond/ });
  t.throws(() => readConfig({ HOST: '::', AUTH: 'none' }), { message: /HOST/ });
  t.match(readConfig({ HOST: '0.0.0.0', AUTH: 'keys' }), {
    host: '0.0.0.0',
    auth: { keys: true, jwt: undefined, readsOpen: false },
  });
});

// Seen to fail: without each of the three checks.
t.test('AUTH=jwt needs an issuer and an audience; keys travel by https only', async (t) => {
  const OIDC_ISSUER = 'https://login.example.org';
  const OIDC_AUDIENCE = 'frontlog';
  const both = readConfig({ AUTH: 'keys,jwt', OIDC_ISSUER, OIDC_AUDIENCE, READS: 'open' });
  t.same(both.auth, {
    keys: true,
    jwt: { issuer: OIDC_ISSUER, audience: OIDC_AUDIENCE, jwksUrl: undefined },
    readsOpen: true,
  });
  const faulty = (more: object) => () => readConfig({ AUTH: 'jwt', ...more });
  t.throws(faulty({ PORT: 'x' }), { message: /PORT.*OIDC_AUDIENCE.*OIDC_ISSUER/s });
  const insecure = { OIDC_AUDIENCE, OIDC_ISSUER: 'http://login.example.org' };
  t.throws(faulty(insecure), { message: /OIDC_ISSUER/ });
  const OIDC_JWKS_URL = 'http://login.example.org/keys';
  t.throws(faulty({ OIDC_AUDIENCE, OIDC_ISSUER, OIDC_JWKS_URL }), { message: /OIDC_JWKS_URL/ });
  t.doesNotThrow(faulty({ OIDC_AUDIENCE, OIDC_ISSUER: 'http://127.0.0.1:9/' }));
  t.throws(() => readConfig({ AUTH: 'basic' }), { message: /AUTH/ });
});

// Seen to fail with each taken as it came.
t.test('databases and brokers that cannot be are named, without what is in them', async (t) => {
  const faults = (environment: NodeJS.ProcessEnv) => {
    try {
      readConfig(environment);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  for (const url of [
    'db',
    'host=db password=s3cret',
    'http://s3cret@db/log',
    '/run/postgresql log',
  ]) {
    const said = faults({ DATABASE_URL: url });
    t.match(said, /^DATABASE_URL: is no URL/, url);
    t.notMatch(said, 's3cret');
  }
  t.match(faults({ DATABASE_URL: 'postgres://db:99999/log' }), /^DATABASE_URL/);
  for (const url of [
    'postgres://db',
    'postgresql:///log?host=/run',
    'postgres://me@/log?host=/run',
  ]) {
    t.equal(faults({ DATABASE_URL: url }), '');
  }
  for (const broker of [
    'b',
    'b:',
    'b:0',
    'b:65536',
    'b:x',
    'kafka://b:9092',
    'me:s3cret@b:1',
    '',
  ]) {
    const said = faults({ KAFKA_BROKERS: `a:1,${broker}` });
    t.match(said, /^KAFKA_BROKERS: the 2\. is not host:port/, broker);
    t.notMatch(said, 's3cret');
  }
  t.equal(faults({ KAFKA_BROKERS: 'a.example:1, b-2:65535' }), '');
});
