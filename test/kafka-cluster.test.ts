/** The settings of secured clusters: what they make, and what cannot be. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { readConfig, settingsOf } from '../src/config.ts';
import { authority, withoutOpenssl } from './relay/certificates.ts';

const KAFKA_BROKERS = 'broker.example.org:9093, 127.0.0.1:9092';
const login = {
  ...{ KAFKA_BROKERS, KAFKA_SSL: 'true', KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512' },
  ...{ KAFKA_SASL_USERNAME: 'desk', KAFKA_SASL_PASSWORD: 's3cret' },
};
const secrets = /s3cret|PRIVATE/;

/** What is wrong with `settings`, a line each. */
function faultsOf(settings: NodeJS.ProcessEnv): string[] {
  try {
    readConfig(settings);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n');
  }
}

t.test('without settings, brokers are spoken to in the clear', async (t) => {
  const brokers = ['broker.example.org:9093', '127.0.0.1:9092'];
  t.strictSame(readConfig({ KAFKA_BROKERS }).kafka, { brokers });
  t.strictSame(readConfig({ KAFKA_BROKERS, KAFKA_SSL: 'false' }).kafka, { brokers });
  t.strictSame(readConfig({ KAFKA_BROKERS, KAFKA_SSL: 'true' }).kafka, { brokers, tls: {} });
});

t.test('a login, and how it is shown', async (t) => {
  const config = readConfig(login);
  const sasl = { mechanism: 'scram-sha-512', username: 'desk', password: 's3cret' };
  t.match(config.kafka, { tls: {}, sasl });
  const shown = settingsOf(config);
  t.match(shown, {
    ...{ KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: null, KAFKA_SASL_MECHANISM: 'scram-sha-512' },
    ...{ KAFKA_SASL_USERNAME: 'desk', KAFKA_SASL_PASSWORD: '[redacted]' },
  });
  t.notMatch(JSON.stringify(shown), secrets);
});

// Seen to fail without each of the checks.
t.test('settings that do not go together are all named at once', async (t) => {
  const { KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD } = login;
  const credentials = { KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD };
  t.strictSame(faultsOf({ KAFKA_BROKERS, KAFKA_SASL_MECHANISM: 'gssapi' }), [
    'KAFKA_SASL_USERNAME: KAFKA_SASL_MECHANISM needs it',
    'KAFKA_SASL_PASSWORD: KAFKA_SASL_MECHANISM needs it',
    'KAFKA_SASL_MECHANISM: "gssapi" is none of plain, scram-sha-256, scram-sha-512',
  ]);
  t.strictSame(faultsOf({ KAFKA_BROKERS, KAFKA_SSL_CA_FILE: '/ca.pem', ...credentials }), [
    'KAFKA_SSL_CA_FILE: needs KAFKA_SSL=true',
    'KAFKA_SASL_USERNAME: needs KAFKA_SASL_MECHANISM',
    'KAFKA_SASL_PASSWORD: needs KAFKA_SASL_MECHANISM',
  ]);
  t.match(faultsOf({ KAFKA_BROKERS, KAFKA_SSL: 'yes' }), [/^KAFKA_SSL must be equal to one/]);
  t.strictSame(faultsOf({ ...login, KAFKA_BROKERS: '', KAFKA_SSL_KEY_FILE: '/key.pem' }), [
    'KAFKA_SSL: KAFKA_BROKERS names no broker',
    'KAFKA_SSL_KEY_FILE: KAFKA_BROKERS names no broker',
    'KAFKA_SASL_MECHANISM: KAFKA_BROKERS names no broker',
    'KAFKA_SASL_USERNAME: KAFKA_BROKERS names no broker',
    'KAFKA_SASL_PASSWORD: KAFKA_BROKERS names no broker',
  ]);
  t.strictSame(faultsOf({ ...login, KAFKA_BROKERS: 'none' }), [], 'switched off for once');
});

// Seen to fail with every host taken.
t.test('no password is sent in the clear beyond loopback', async (t) => {
  const clear = { ...login, KAFKA_SSL: 'false', KAFKA_SASL_MECHANISM: 'plain' };
  t.strictSame(faultsOf(clear), [
    'KAFKA_SASL_MECHANISM: plain sends the password in the clear, and broker.example.org is ' +
      'beyond loopback: set KAFKA_SSL=true, or use scram-sha-512',
  ]);
  t.strictSame(faultsOf({ ...clear, KAFKA_BROKERS: '127.0.0.1:1, localhost:2' }), []);
  t.strictSame(faultsOf({ ...clear, KAFKA_SSL: 'true' }), []);
  t.strictSame(faultsOf({ ...clear, KAFKA_SASL_MECHANISM: 'scram-sha-256' }), []);
});

// Seen to fail without each of the checks.
t.test('certificates are read at the start', { skip: withoutOpenssl }, async (t) => {
  const directory = t.testdir({ 'text.pem': 'no PEM', 'spoiled.pem': '' });
  const [text, spoiled] = ['text.pem', 'spoiled.pem'].map((file) => join(directory, file));
  const [ours, theirs] = [await authority(directory, 'ours'), await authority(directory, 'theirs')];
  const own = await ours.issue('client', 'DNS:client');
  const bundle = await Promise.all([ours.file, theirs.file].map((file) => readFile(file, 'utf8')));
  const KAFKA_SSL_CA_FILE = join(directory, 'bundle.pem');
  await writeFile(KAFKA_SSL_CA_FILE, bundle.join('# another\n'));
  const pair = { KAFKA_SSL_CERT_FILE: own.certificate, KAFKA_SSL_KEY_FILE: own.key };
  const all = { KAFKA_BROKERS, KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE, ...pair };
  const config = readConfig(all);
  t.match(config.kafka, { tls: { ca: { file: KAFKA_SSL_CA_FILE, pem: bundle[1] } } });
  const shown = settingsOf(config);
  t.match(shown, { KAFKA_SSL_CA_FILE, ...pair });
  t.notMatch(JSON.stringify(shown), secrets);

  const gone = join(directory, 'gone.pem');
  t.strictSame(
    faultsOf({
      ...all,
      KAFKA_SSL_CA_FILE: gone,
      KAFKA_SSL_CERT_FILE: text,
      KAFKA_SSL_KEY_FILE: text,
    }),
    [
      `KAFKA_SSL_CA_FILE: ${gone} cannot be read (ENOENT)`,
      `KAFKA_SSL_CERT_FILE: ${text} holds no certificate in PEM`,
      `KAFKA_SSL_KEY_FILE: ${text} holds no private key in PEM, or one with a passphrase`,
    ],
  );
  // The second of two, cut: TLS would pass over it.
  await writeFile(`${spoiled}`, `${bundle[0]}${bundle[1]?.replace(/\n.{9}/, '\n')}`);
  t.strictSame(faultsOf({ ...all, KAFKA_SSL_CA_FILE: spoiled }), [
    `KAFKA_SSL_CA_FILE: ${spoiled} holds no certificate in PEM that can be read`,
  ]);
  t.strictSame(faultsOf({ ...all, KAFKA_SSL_KEY_FILE: '' }), [
    'KAFKA_SSL_KEY_FILE: KAFKA_SSL_CERT_FILE needs it',
  ]);
  t.strictSame(faultsOf({ ...all, KAFKA_SSL_CERT_FILE: '' }), [
    'KAFKA_SSL_CERT_FILE: KAFKA_SSL_KEY_FILE needs it',
  ]);
  t.strictSame(faultsOf({ ...all, KAFKA_SSL_CERT_FILE: ours.file }), [
    'KAFKA_SSL_KEY_FILE: is not the key of the certificate in KAFKA_SSL_CERT_FILE',
  ]);
});
