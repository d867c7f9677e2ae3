/** A broker with a listener for each way to speak to it, as clusters that are not a test's have. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { AclOperationTypes, AclResourceTypes } from 'kafkajs';
import { askMetadata } from '../../src/embedded/kafka-metadata.ts';
import { freePorts } from '../../src/embedded/processes.ts';
import { kafkaClient } from '../../src/relay/client.ts';
import type { Test } from '../db.ts';
import { kafkaLibs } from './broker.ts';
import { type Authority, authority } from './certificates.ts';
import { quiet, until } from './relaying.ts';

export const username = 'desk';
/** With what a URL or a list of properties would take for something else. */
export const password = 'p@ss=w0rd:/%20 x';

export type SecuredBroker = {
  /** `host:port` of each listener. */
  readonly at: {
    readonly plaintext: string;
    /** TLS, with a login by PLAIN or SCRAM. */
    readonly login: string;
    /** TLS, with a certificate of the client's. */
    readonly certificate: string;
    /** A login without TLS; the broker says that it is beyond loopback. */
    readonly beyond: string;
  };
  readonly authority: Authority;
  /** The settings for each way that is to be. */
  readonly settings: Readonly<Record<Way, NodeJS.ProcessEnv>>;
};
export const ways = ['plain', 'scram-sha-256', 'scram-sha-512', 'certificate'] as const;
export type Way = (typeof ways)[number];

/** Starts it, and has it gone after the test. Its files are in `directory`. */
export async function securedBroker(t: Test, directory: string): Promise<SecuredBroker> {
  const [plaintext = 0, login, certificate, beyond, controller] = await freePorts(5);
  const at = {
    plaintext: `127.0.0.1:${plaintext}`,
    login: `127.0.0.1:${login}`,
    certificate: `127.0.0.1:${certificate}`,
    beyond: `127.0.0.1:${beyond}`,
  };
  const issuer = await authority(directory, 'authority');
  const own = await issuer.issue('broker', 'IP:127.0.0.1');
  const keyStore = join(directory, 'broker.pem');
  const pems = await Promise.all([own.key, own.certificate].map((file) => readFile(file, 'utf8')));
  await writeFile(keyStore, pems.join(''));
  const file = join(directory, 'server.properties');
  const properties = {
    'log.dirs': join(directory, 'data'),
    ...listening(at, `127.0.0.1:${controller}`),
    ...alone,
    ...loginsOf('login', ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
    ...loginsOf('beyond', ['PLAIN']),
    ...{ 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': keyStore },
    ...{ 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': issuer.file },
    'listener.name.certificate.ssl.client.auth': 'required',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    // Whoever is on the listeners without a login.
    'super.users': 'User:ANONYMOUS',
    // A login has to be made again after so long, by whoever stays.
    'connections.max.reauth.ms': '11000',
  };
  // A backslash is a properties file's own.
  const lines = Object.entries(properties).map(
    ([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}\n`,
  );
  await writeFile(file, lines.join(''));
  await format(file);
  const broker = spawn('java', [...java, 'kafka.Kafka', file], { stdio: 'ignore' });
  const ended = once(broker, 'exit');
  t.teardown(async () => {
    broker.kill('SIGKILL');
    await ended;
  });
  await answering(plaintext);
  await grantRights(at.plaintext);
  return { at, authority: issuer, settings: await settingsFor(at, issuer) };
}

function listening(at: SecuredBroker['at'], controller: string): Record<string, string> {
  const open = `PLAINTEXT://${at.plaintext},LOGIN://${at.login},CERTIFICATE://${at.certificate}`;
  return {
    listeners: `CONTROLLER://${controller},${open},BEYOND://${at.beyond}`,
    'advertised.listeners': `${open},BEYOND://broker.example.org:9092`,
    'listener.security.protocol.map':
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,LOGIN:SASL_SSL,CERTIFICATE:SSL,' +
      'BEYOND:SASL_PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@${controller}`,
  };
}

// One node is all the replicas there are.
const alone = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '1',
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
};

// What docs/operations.md says is needed, and no more, for logs whose prefix begins with `t-`.
async function grantRights(plaintext: string): Promise<void> {
  // Not before what is ours in it is in its place (src/relay/kafkajs.ts).
  const { default: kafkajs } = await import('kafkajs');
  const { TOPIC, GROUP, TRANSACTIONAL_ID } = kafkajs.AclResourceTypes;
  const { READ, WRITE, CREATE, DELETE, DESCRIBE_CONFIGS, ALTER_CONFIGS } =
    kafkajs.AclOperationTypes;
  const needed: [AclResourceTypes, resourceName: string, AclOperationTypes[]][] = [
    [TOPIC, 't-', [READ, WRITE, CREATE, DELETE, DESCRIBE_CONFIGS, ALTER_CONFIGS]],
    [TRANSACTIONAL_ID, 't-', [WRITE]],
    [GROUP, 't-', [READ, DELETE]],
    [GROUP, 'frontlog-', [READ, DELETE]],
  ];
  const rights = needed.flatMap(([resourceType, resourceName, operations]) =>
    operations.map((operation) => ({ resourceType, resourceName, operation })),
  );
  const allowed = {
    ...{ host: '*', permissionType: kafkajs.AclPermissionTypes.ALLOW },
    resourcePatternType: kafkajs.ResourcePatternTypes.PREFIXED,
  };
  const principals = [`User:${username}`, 'User:CN=client'];
  const acl = principals.flatMap((principal) =>
    rights.map((right) => ({ ...right, ...allowed, principal })),
  );
  const admin = kafkaClient({ brokers: [plaintext] }, quiet).admin();
  await admin.connect();
  await admin.createAcls({ acl });
  await admin.disconnect();
}

async function settingsFor(
  { login, certificate }: SecuredBroker['at'],
  { file, issue }: Authority,
): Promise<SecuredBroker['settings']> {
  const tls = { KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: file };
  const own = await issue('client', 'DNS:client');
  const loginBy = (mechanism: string) => ({
    ...{ KAFKA_BROKERS: login, ...tls, KAFKA_SASL_MECHANISM: mechanism },
    ...{ KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password },
  });
  return {
    plain: loginBy('plain'),
    'scram-sha-256': loginBy('scram-sha-256'),
    'scram-sha-512': loginBy('SCRAM-SHA-512'),
    certificate: {
      ...{ KAFKA_BROKERS: certificate, ...tls },
      ...{ KAFKA_SSL_CERT_FILE: own.certificate, KAFKA_SSL_KEY_FILE: own.key },
    },
  };
}

// 16 bytes.
const clusterId = Buffer.from('frontlog-secured').toString('base64url');
const java = [
  ...['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dlog4j2.level=OFF'],
  ...['-cp', resolve(kafkaLibs, '*')],
];

// Users of PLAIN stand in the settings, those of SCRAM in the storage.
function loginsOf(listener: string, mechanisms: readonly string[]): Record<string, string> {
  const modules = 'org.apache.kafka.common.security';
  const settings = mechanisms.map((mechanism) => [
    `listener.name.${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`,
    mechanism === 'PLAIN'
      ? `${modules}.plain.PlainLoginModule required user_${username}="${password}";`
      : `${modules}.scram.ScramLoginModule required;`,
  ]);
  return {
    [`listener.name.${listener}.sasl.enabled.mechanisms`]: mechanisms.join(),
    ...Object.fromEntries(settings),
  };
}

async function format(file: string): Promise<void> {
  const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${username},password="${password}"]`,
  ]);
  const asked = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file, ...users];
  await promisify(execFile)('java', [...java, ...asked]);
}

function answering(port: number): Promise<void> {
  const isThere = () =>
    askMetadata('127.0.0.1', port).then(
      () => true,
      () => false,
    );
  return until(isThere, () => 'no answer');
}
