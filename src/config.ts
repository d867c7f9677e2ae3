/** Settings: environment to a frozen Config; the only reader of process.env. */
import { join } from 'node:path';
import { envSchema } from 'env-schema';
import { type Static, Type } from 'typebox';
import { checkDatabaseUrl, redacted, withoutSecrets } from './database-url.ts';
import { type KafkaCluster, readCluster } from './kafka-cluster.ts';
import { isLoopback } from './loopback.ts';

const roles = ['api', 'relay', 'projector'] as const;
export type Role = (typeof roles)[number];

const Environment = Type.Object({
  HOST: Type.String({ default: '127.0.0.1' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080 }),
  DATABASE_URL: Type.String({ default: '' }),
  KAFKA_BROKERS: Type.String({ default: '' }),
  KAFKA_SSL: Type.String({ enum: ['true', 'false'], default: 'false' }),
  KAFKA_SSL_CA_FILE: Type.String({ default: '' }),
  KAFKA_SSL_CERT_FILE: Type.String({ default: '' }),
  KAFKA_SSL_KEY_FILE: Type.String({ default: '' }),
  KAFKA_SASL_MECHANISM: Type.String({ default: '' }),
  KAFKA_SASL_USERNAME: Type.String({ default: '' }),
  KAFKA_SASL_PASSWORD: Type.String({ default: '' }),
  KAFKA_PREFIX: Type.String({ pattern: '^[a-z0-9-]{1,64}$', default: 'frontlog' }),
  PROJECTION_FEED: Type.String({ enum: ['log', 'kafka'], default: 'log' }),
  DATA_DIR: Type.String({ minLength: 1, default: '.frontlog' }),
  SIGNING_KEY_FILE: Type.String({ default: '' }),
  ROLES: Type.String({ default: roles.join(',') }),
  AUTH: Type.String({ enum: ['none', 'keys', 'jwt', 'keys,jwt'], default: 'none' }),
  OIDC_ISSUER: Type.String({ default: '' }),
  OIDC_AUDIENCE: Type.String({ default: '' }),
  OIDC_JWKS_URL: Type.String({ default: '' }),
  READS: Type.String({ enum: ['open', 'closed'], default: 'closed' }),
  RATE_LIMIT_PER_MINUTE: Type.Integer({ minimum: 0, default: 60_000 }),
  LOG_LEVEL: Type.String({
    enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    default: 'info',
  }),
});

export type Config = Readonly<{
  host: string;
  port: number;
  /** Absent: embedded PostgreSQL under `dataDir`. */
  databaseUrl: string | undefined;
  /** `embedded`: a broker under `dataDir` where Java and Maven are; `none`: no relay. */
  kafka: 'embedded' | 'none' | KafkaCluster;
  kafkaPrefix: string;
  /** `kafka`: a read site, whose database mirrors the log that is on the topic. */
  feed: 'log' | 'kafka';
  dataDir: string;
  /** The key that heads of the log are signed with; made where there is none. */
  signingKeyFile: string;
  roles: readonly Role[];
  /** Neither `keys` nor `jwt`: everybody may do everything, on loopback. */
  auth: Readonly<{
    keys: boolean;
    jwt: Readonly<{ issuer: string; audience: string; jwksUrl: string | undefined }> | undefined;
    readsOpen: boolean;
  }>;
  /** What one client may ask of the API; 0 is without limit. */
  requestsPerMinute: number;
  logLevel: string;
}>;

/** Settings that cannot be: `message` names every fault at once. */
export class ConfigInvalid extends Error {}

/** The configuration that `environment` asks for. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const faults: string[] = [];
  const values = parse(environment, faults);
  const chosen = values.ROLES.split(',').map((role) => role.trim());
  for (const role of chosen) {
    if (!roles.includes(role as Role)) faults.push(`ROLES: there is no role "${role}"`);
  }
  if (values.AUTH === 'none' && !isLoopback(values.HOST)) {
    faults.push(`HOST: ${values.HOST} is beyond loopback, which needs authentication: set AUTH`);
  }
  if (values.DATABASE_URL !== '') checkDatabaseUrl(values.DATABASE_URL, faults);
  const kafka = readCluster(values, faults);
  if (values.PROJECTION_FEED === 'kafka') {
    if (chosen.includes('relay')) {
      faults.push('ROLES: a read site has nothing to relay: set ROLES=api,projector');
    }
    if (typeof kafka === 'string') {
      faults.push('KAFKA_BROKERS: PROJECTION_FEED=kafka needs the brokers that the topic is on');
    }
  }
  const auth = authOf(values, faults);
  if (faults.length > 0) throw new ConfigInvalid(faults.join('\n'));
  return Object.freeze({
    host: values.HOST,
    port: values.PORT,
    databaseUrl: values.DATABASE_URL || undefined,
    kafka,
    kafkaPrefix: values.KAFKA_PREFIX,
    feed: values.PROJECTION_FEED as Config['feed'],
    dataDir: values.DATA_DIR,
    signingKeyFile: values.SIGNING_KEY_FILE || join(values.DATA_DIR, 'signing-key.pem'),
    roles: chosen as Role[],
    auth,
    requestsPerMinute: values.RATE_LIMIT_PER_MINUTE,
    logLevel: values.LOG_LEVEL,
  });
}

/**
 * The settings by their names in the environment, each as it counts, null where it is left to
 * frontlog; without what is secret.
 */
export function settingsOf(config: Config): Readonly<Record<string, string | number | null>> {
  const { auth, databaseUrl } = config;
  const ways = [...(auth.keys ? ['keys'] : []), ...(auth.jwt === undefined ? [] : ['jwt'])];
  return {
    HOST: config.host,
    PORT: config.port,
    DATABASE_URL: databaseUrl === undefined ? null : withoutSecrets(databaseUrl),
    ...kafkaSettingsOf(config.kafka),
    KAFKA_PREFIX: config.kafkaPrefix,
    PROJECTION_FEED: config.feed,
    DATA_DIR: config.dataDir,
    SIGNING_KEY_FILE: config.signingKeyFile,
    ROLES: config.roles.join(),
    AUTH: ways.join() || 'none',
    OIDC_ISSUER: auth.jwt?.issuer ?? null,
    OIDC_AUDIENCE: auth.jwt?.audience ?? null,
    OIDC_JWKS_URL: auth.jwt?.jwksUrl ?? null,
    READS: auth.readsOpen ? 'open' : 'closed',
    RATE_LIMIT_PER_MINUTE: config.requestsPerMinute,
    LOG_LEVEL: config.logLevel,
  };
}

function kafkaSettingsOf(kafka: Config['kafka']): Record<string, string | null> {
  const { brokers, tls, sasl }: Partial<KafkaCluster> = typeof kafka === 'string' ? {} : kafka;
  return {
    KAFKA_BROKERS: kafka === 'embedded' ? null : (brokers?.join() ?? 'none'),
    KAFKA_SSL: tls === undefined ? 'false' : 'true',
    KAFKA_SSL_CA_FILE: tls?.ca?.file ?? null,
    KAFKA_SSL_CERT_FILE: tls?.client?.certificate.file ?? null,
    KAFKA_SSL_KEY_FILE: tls?.client?.key.file ?? null,
    KAFKA_SASL_MECHANISM: sasl?.mechanism ?? null,
    KAFKA_SASL_USERNAME: sasl?.username ?? null,
    KAFKA_SASL_PASSWORD: sasl === undefined ? null : redacted,
  };
}

function parse(environment: NodeJS.ProcessEnv, faults: string[]): Static<typeof Environment> {
  try {
    return envSchema<Static<typeof Environment>>({
      schema: Environment,
      data: environment,
      env: false,
      dotenv: false,
    });
  } catch (error) {
    faults.push((error as Error).message.replaceAll('env/', ''));
    const defaults = envSchema<Static<typeof Environment>>({
      schema: Environment,
      data: {},
      env: false,
    });
    // As it is: what else is wrong with it is to be said too.
    return { ...defaults, ...environment } as Static<typeof Environment>;
  }
}

function authOf(values: Static<typeof Environment>, faults: string[]): Config['auth'] {
  const ways = values.AUTH.split(',');
  const readsOpen = values.READS === 'open';
  const keys = ways.includes('keys');
  if (!ways.includes('jwt')) return { keys, jwt: undefined, readsOpen };
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_JWKS_URL: jwksUrl } = values;
  if (audience === '') faults.push('OIDC_AUDIENCE: AUTH=jwt needs to know whom tokens are for');
  if (!isTrustworthy(issuer)) faults.push('OIDC_ISSUER: AUTH=jwt needs an https URL');
  if (jwksUrl !== '' && !isTrustworthy(jwksUrl)) faults.push('OIDC_JWKS_URL: is no https URL');
  return { keys, jwt: { issuer, audience, jwksUrl: jwksUrl || undefined }, readsOpen };
}

// Whoever could change the keys on their way could sign anything.
function isTrustworthy(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
}
