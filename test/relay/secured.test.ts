/** Clusters with TLS, logins and certificates: all goes through, and what is wrong is said. */
import { readFile } from 'node:fs/promises';
import t from 'tap';
import { makeLogger } from '../../src/cli/logger.ts';
import { readConfig } from '../../src/config.ts';
import { readHead } from '../../src/db.ts';
import type { KafkaCluster } from '../../src/kafka-cluster.ts';
import { initTopics, kafkaClient, listTopicFaults } from '../../src/relay/client.ts';
import { ConfigResourceTypes } from '../../src/relay/kafkajs.ts';
import { reasonOf } from '../../src/relay/reason.ts';
import { namesOf } from '../../src/relay/topics.ts';
import { run } from '../cli/command.ts';
import { freshDatabase } from '../db.ts';
import { logRows, openAgain } from '../mirror/mirroring.ts';
import { get, recordSeed, type TestService, testService } from '../service.ts';
import { authority, withoutOpenssl } from './certificates.ts';
import { quiet, until } from './relaying.ts';
import { password, type SecuredBroker, securedBroker, ways } from './secured-broker.ts';
import { faultsOf, readTopic, withoutKafka } from './topic.ts';

const skip = withoutKafka || withoutOpenssl;
const directory = t.testdir();
const broker = skip ? (undefined as unknown as SecuredBroker) : await securedBroker(t, directory);

type Readyz = { status: string } & Record<'relay' | 'mirror', { state: string; position: number }>;
const readyz = async ({ url }: TestService) => (await get<Readyz>(`${url}/readyz`)).body;

// Seen to fail without the client's certificate, and without the right to the transactional id.
t.test('by any way the log is relayed, and a read site fills itself', { skip }, async (t) => {
  const through = ways.map(async (way) => {
    const kafka = broker.settings[way];
    const primary = await testService(t, { kafka });
    const head = await recordSeed(primary.url);
    const site = await testService(t, { kafka, readSiteOf: primary });
    const [one, other] = [openAgain(t, primary.databaseUrl), openAgain(t, site.databaseUrl)];
    await until(
      async () => (await readHead(other)) >= head,
      () => readyz(site),
    );
    t.strictSame(await logRows(other), await logRows(one), way);
    const messages = await readTopic(primary.prefix, broker.at.plaintext);
    t.strictSame(faultsOf(messages, head), [], way);
  });
  await Promise.all(through);
});

t.test('every command that asks Kafka does so by the settings', { skip }, async (t) => {
  const kafka = broker.settings['scram-sha-512'];
  const primary = await testService(t, { kafka });
  const head = await recordSeed(primary.url);
  await until(
    async () => (await readyz(primary)).relay.position >= head,
    () => readyz(primary),
  );
  const command = (...words: string[]) =>
    run(primary.databaseUrl, { ...kafka, KAFKA_PREFIX: primary.prefix }, ...words);
  await spoilSettings(namesOf(primary.prefix).deadLettersTopic);
  const init = await command('topics', 'init');
  t.match(init, { code: 0, stdout: /^set .*max.message.bytes of t-.*dlq.v1$/m });
  const [status, verify, check, replay] = await Promise.all([
    command('status'),
    command('verify'),
    command('backup', 'check'),
    command('replay', '--from', '1', '--to', '5'),
  ]);
  t.match(status, { code: 0, stdout: /^relay: .* at the end$/m });
  t.match(verify, { code: 0, stdout: new RegExp(`, ${head} messages: all as`) });
  t.match(check, { code: 0, stdout: /events.v1 has every event/ });
  t.match(replay, { code: 0, stdout: /^5 events on / });
  await primary.service.close();
  t.match(await command('topics', 'recreate', '--yes'), { code: 0 });
});

/** Lowers a limit of `topic`, as no one of ours would. */
async function spoilSettings(topic: string): Promise<void> {
  const admin = kafkaClient({ brokers: [broker.at.plaintext] }, quiet).admin();
  await admin.connect();
  const configEntries = [{ name: 'max.message.bytes', value: '1000' }];
  const type = ConfigResourceTypes.TOPIC;
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type, name: topic, configEntries }],
  });
  await admin.disconnect();
}

/** What goes wrong, the settings for it, and what is then said. */
async function faults(): Promise<[what: string, NodeJS.ProcessEnv, said: RegExp][]> {
  const { at, settings } = broker;
  const { plain, certificate } = settings;
  const stranger = await authority(directory, 'stranger');
  const theirs = await stranger.issue('client', 'DNS:client');
  const foreign = { KAFKA_SSL_CERT_FILE: theirs.certificate, KAFKA_SSL_KEY_FILE: theirs.key };
  const { KAFKA_SSL_CA_FILE, KAFKA_SSL } = plain;
  const tls = { KAFKA_SSL, KAFKA_SSL_CA_FILE };
  const login = { ...plain, KAFKA_SSL: 'false', KAFKA_SSL_CA_FILE: '' };
  const KAFKA_SASL_PASSWORD = `not ${password}`;
  const wrong = /authentication failed.*: check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD$/;
  return [
    ['a wrong password', { ...plain, KAFKA_SASL_PASSWORD }, wrong],
    ['the same with SCRAM', { ...settings['scram-sha-256'], KAFKA_SASL_PASSWORD }, wrong],
    ['an unknown user', { ...settings['scram-sha-512'], KAFKA_SASL_USERNAME: 'nobody' }, wrong],
    ['no authority', { ...plain, KAFKA_SSL_CA_FILE: '' }, /certificate.*: set KAFKA_SSL_CA_FILE/],
    [
      'another authority',
      { ...plain, KAFKA_SSL_CA_FILE: stranger.file },
      /certificate.*: set KAFKA_SSL_CA_FILE/,
    ],
    [
      'another name',
      { ...plain, KAFKA_BROKERS: at.login.replace('127.0.0.1', 'localhost') },
      /localhost.*: name the brokers in KAFKA_BROKERS/,
    ],
    ['TLS to a port without', { ...tls, KAFKA_BROKERS: at.plaintext }, /TLS.*unset KAFKA_SSL/],
    ['no TLS to a port with it', { KAFKA_BROKERS: at.login }, /may want TLS \(KAFKA_SSL\)/],
    ['no login', { ...tls, KAFKA_BROKERS: at.login }, /or a login \(KAFKA_SASL_MECHANISM\)/],
    [
      'a login where there is none',
      { ...login, KAFKA_BROKERS: at.plaintext },
      /takes no login: unset KAFKA_SASL_MECHANISM/,
    ],
    [
      'a mechanism that is not there',
      { ...login, KAFKA_BROKERS: at.beyond, KAFKA_SASL_MECHANISM: 'scram-sha-512' },
      /set KAFKA_SASL_MECHANISM to one that the brokers have/,
    ],
    ['no certificate', { ...tls, KAFKA_BROKERS: at.certificate }, /check KAFKA_SSL_CERT_FILE/],
    ['a foreign one', { ...certificate, ...foreign }, /check KAFKA_SSL_CERT_FILE/],
    [
      'a password in the clear to where the brokers send us',
      { ...login, KAFKA_BROKERS: at.beyond },
      /broker\.example\.org is beyond loopback/,
    ],
  ];
}

// Seen to fail for each without its hint, and the last without the guard of the socket.
t.test('what is wrong is said, with the setting to look at', { skip }, async (t) => {
  const lines: string[] = [];
  const logger = makeLogger('trace', { write: (line) => lines.push(line) });
  const asked = (await faults()).map(async ([what, settings, said]) => {
    const cluster = readConfig(settings).kafka as KafkaCluster;
    const found = await listTopicFaults(cluster, 'unmade', logger);
    t.match(found, { unavailable: said }, what);
    lines.push(JSON.stringify(found));
  });
  await Promise.all(asked);
  t.ok(lines.length > asked.length, 'something was logged');
  t.notMatch(lines.join(''), JSON.stringify(password).slice(1, -1));
});

// Seen to fail without the hint, and with the brokers' error for all topics alone.
t.test('a right that is lacking is said to be', { skip }, async (t) => {
  const { kafka } = readConfig(broker.settings.plain);
  const init = initTopics(kafka as KafkaCluster, 'not-ours', quiet);
  const said = await init.then(() => 'no error', reasonOf);
  t.match(said, /Not authorized to access topics.*: docs\/operations.md lists the rights/);
});

// Seen to fail with the message of each error as it comes.
t.test('a wrong password: service and commands say so, and do not say it', { skip }, async (t) => {
  const wrong = 'n0t-the-password';
  const kafka = { ...broker.settings.plain, KAFKA_SASL_PASSWORD: wrong };
  const lines: string[] = [];
  const logger = makeLogger('trace', { write: (line) => lines.push(line) });
  const primary = await testService(t, { environment: kafka, logger });
  const site = await testService(t, { environment: kafka, logger, readSiteOf: primary });
  await recordSeed(primary.url);
  const said = { state: 'waiting', last_error: /check KAFKA_SASL_USERNAME/ };
  const isWaiting = async (service: TestService, part: 'relay' | 'mirror') =>
    (await readyz(service))[part].state === 'waiting';
  await until(
    async () => (await isWaiting(primary, 'relay')) && (await isWaiting(site, 'mirror')),
    () => lines,
  );
  t.match(await readyz(primary), { status: 'degraded', relay: said });
  t.match(await readyz(site), { status: 'degraded', mirror: said });
  const { url } = await freshDatabase(t);
  const traced = { ...kafka, LOG_LEVEL: 'trace' };
  const [init, status] = await Promise.all([
    run(url, traced, 'topics', 'init'),
    run(url, traced, 'status'),
  ]);
  t.match(init, { code: 3, stderr: /^frontlog: SASL PLAIN auth.*: check KAFKA_SASL_USERNAME/m });
  t.match(status, { code: 1, stdout: /^no Kafka: SASL PLAIN auth.*: check KAFKA_SASL_USERNAME/m });
  const all = [...lines, ...Object.values(init), ...Object.values(status)].join('\n');
  t.match(all, /relay waits/);
  t.notMatch(all, wrong);
});

// Seen to fail without the redaction.
t.test('settings that are logged by mistake hold no secret', { skip }, async (t) => {
  const lines: string[] = [];
  const logger = makeLogger('info', { write: (line) => lines.push(line) });
  for (const way of ways) {
    const config = readConfig(broker.settings[way]);
    const { kafka } = config;
    const { tls, sasl } = kafka as KafkaCluster;
    logger.info({ config, kafka, cluster: kafka, tls, sasl });
    logger.info(kafka);
  }
  const text = lines.join('');
  t.match(text, 'scram-sha-512');
  t.notMatch(text, password);
  const key = await readFile(broker.settings.certificate.KAFKA_SSL_KEY_FILE as string, 'utf8');
  t.notMatch(text, key.split('\n')[1] as string);
});
