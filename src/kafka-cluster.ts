/** The Kafka cluster that settings name, and how it is spoken to. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isLoopback } from './loopback.ts';

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
/** A file that a setting names, and what it held at the start. */
type PemFile = Readonly<{ file: string; pem: string }>;

/** Brokers and how to speak to them: one value, so that no client has the one alone. */
export type KafkaCluster = Readonly<{
  /** `host:port` each. */
  brokers: readonly string[];
  /** Absent: without TLS. */
  tls?: Readonly<{
    /** Whom to trust; absent: the authorities that Node knows. */
    ca?: PemFile;
    /** What a broker knows us by, where it asks for a certificate. */
    client?: Readonly<{ certificate: PemFile; key: PemFile }>;
  }>;
  /** Absent: without a login. */
  sasl?: Readonly<{ mechanism: (typeof mechanisms)[number]; username: string; password: string }>;
}>;

/** The settings, each empty where it is not given. */
export type KafkaSettings = Readonly<
  Record<'KAFKA_BROKERS' | 'KAFKA_SSL' | FileSetting | SaslSetting, string>
>;
const fileSettings = ['KAFKA_SSL_CA_FILE', 'KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE'] as const;
const credentials = ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'] as const;
type FileSetting = (typeof fileSettings)[number];
type SaslSetting = 'KAFKA_SASL_MECHANISM' | (typeof credentials)[number];

/**
 * The cluster of `settings`, its certificates read; `embedded` where they name none. What cannot be
 * is added to `faults`, and is then not in the answer.
 */
export function readCluster(
  settings: KafkaSettings,
  faults: string[],
): 'embedded' | 'none' | KafkaCluster {
  const { KAFKA_BROKERS: named } = settings;
  // Switched off for once, as by a command that asks Kafka nothing: the others stay as they are.
  if (named === 'none') return 'none';
  if (named === '') {
    const idle = [...fileSettings, 'KAFKA_SASL_MECHANISM' as const, ...credentials];
    const given = idle.filter((name) => settings[name] !== '');
    if (settings.KAFKA_SSL === 'true') faults.push('KAFKA_SSL: KAFKA_BROKERS names no broker');
    faults.push(...given.map((name) => `${name}: KAFKA_BROKERS names no broker`));
    return 'embedded';
  }
  const brokers = named.split(',').map((broker) => broker.trim());
  for (const [i, broker] of brokers.entries()) {
    // Not shown: somebody may have put a password into it.
    if (!isBroker(broker))
      faults.push(`KAFKA_BROKERS: the ${i + 1}. is not host:port, the port 1 to 65535`);
  }
  const tls = readTls(settings, faults);
  const sasl = readSasl(settings, faults);
  const cluster = {
    brokers,
    ...(tls !== undefined && { tls }),
    ...(sasl !== undefined && { sasl }),
  };
  const hosts = brokers.map((broker) => broker.replace(/:\d*$/, ''));
  const exposed = hosts.map((host) => whyExposed(cluster, host)).find((why) => why !== undefined);
  if (exposed !== undefined) faults.push(`KAFKA_SASL_MECHANISM: ${exposed}`);
  return cluster;
}

// The driver takes what comes before the first colon for the host.
function isBroker(text: string): boolean {
  const [, port] = /^[^\s:/@,]+:(\d{1,5})$/.exec(text) ?? [];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

/** Why the password may not be sent to `host`; undefined where it may. SCRAM sends none. */
export function whyExposed(
  { tls, sasl }: Pick<KafkaCluster, 'tls' | 'sasl'>,
  host: string,
): string | undefined {
  if (sasl?.mechanism !== 'plain' || tls !== undefined || isLoopback(host)) return undefined;
  return (
    `plain sends the password in the clear, and ${host} is beyond loopback: ` +
    'set KAFKA_SSL=true, or use scram-sha-512'
  );
}

function readTls(settings: KafkaSettings, faults: string[]): KafkaCluster['tls'] {
  if (settings.KAFKA_SSL !== 'true') {
    const given = fileSettings.filter((name) => settings[name] !== '');
    faults.push(...given.map((name) => `${name}: needs KAFKA_SSL=true`));
    return undefined;
  }
  const ca = readPem(settings, 'KAFKA_SSL_CA_FILE', certificatesIn, faults);
  const certificate = readPem(settings, 'KAFKA_SSL_CERT_FILE', certificatesIn, faults);
  const key = readPem(settings, 'KAFKA_SSL_KEY_FILE', keyIn, faults);
  const { KAFKA_SSL_CERT_FILE: certificateFile, KAFKA_SSL_KEY_FILE: keyFile } = settings;
  if ((certificateFile === '') !== (keyFile === '')) {
    const [given, lacking] = certificateFile === '' ? ['KEY', 'CERT'] : ['CERT', 'KEY'];
    faults.push(`KAFKA_SSL_${lacking}_FILE: KAFKA_SSL_${given}_FILE needs it`);
  }
  if (certificate === undefined || key === undefined) return { ...(ca !== undefined && { ca }) };
  if (!new X509Certificate(certificate.pem).checkPrivateKey(createPrivateKey(key.pem))) {
    faults.push('KAFKA_SSL_KEY_FILE: is not the key of the certificate in KAFKA_SSL_CERT_FILE');
  }
  return { ...(ca !== undefined && { ca }), client: { certificate, key } };
}

function readPem(
  settings: KafkaSettings,
  name: FileSetting,
  check: (pem: string) => string | undefined,
  faults: string[],
): PemFile | undefined {
  const file = settings[name];
  if (file === '') return undefined;
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    faults.push(`${name}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
    return undefined;
  }
  const lacking = check(pem);
  if (lacking === undefined) return { file, pem };
  faults.push(`${name}: ${file} holds no ${lacking}`);
  return undefined;
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

// Each is parsed: TLS passes over what it cannot read, and then trusts nobody without saying so.
function certificatesIn(pem: string): string | undefined {
  const lacking = 'certificate in PEM';
  const blocks = pem.match(certificateBlock) ?? [];
  try {
    for (const block of blocks) new X509Certificate(block);
    return blocks.length > 0 ? undefined : lacking;
  } catch {
    return `${lacking} that can be read`;
  }
}

function keyIn(pem: string): string | undefined {
  try {
    createPrivateKey(pem);
    return undefined;
  } catch {
    return 'private key in PEM, or one with a passphrase';
  }
}

function readSasl(settings: KafkaSettings, faults: string[]): KafkaCluster['sasl'] {
  const { KAFKA_SASL_MECHANISM: asked } = settings;
  if (asked === '') {
    const given = credentials.filter((name) => settings[name] !== '');
    faults.push(...given.map((name) => `${name}: needs KAFKA_SASL_MECHANISM`));
    return undefined;
  }
  const lacking = credentials.filter((name) => settings[name] === '');
  faults.push(...lacking.map((name) => `${name}: KAFKA_SASL_MECHANISM needs it`));
  // As Kafka spells them, too.
  const mechanism = mechanisms.find((one) => one === asked.toLowerCase());
  if (mechanism === undefined) {
    faults.push(`KAFKA_SASL_MECHANISM: "${asked}" is none of ${mechanisms.join(', ')}`);
    return undefined;
  }
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = settings;
  return { mechanism, username, password };
}
