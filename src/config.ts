/** Settings: environment to a frozen Config; the only reader of process.env. */
import { envSchema } from 'env-schema';
import { type Static, Type } from 'typebox';

const roles = ['api', 'relay', 'projector'] as const;
export type Role = (typeof roles)[number];

const Environment = Type.Object({
  HOST: Type.String({ default: '127.0.0.1' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080 }),
  DATABASE_URL: Type.String({ default: '' }),
  KAFKA_BROKERS: Type.String({ default: '' }),
  KAFKA_PREFIX: Type.String({ pattern: '^[a-z0-9-]{1,64}$', default: 'frontlog' }),
  DATA_DIR: Type.String({ minLength: 1, default: '.frontlog' }),
  ROLES: Type.String({ default: roles.join(',') }),
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
  kafka: 'embedded' | 'none' | readonly string[];
  kafkaPrefix: string;
  dataDir: string;
  roles: readonly Role[];
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
  if (!isLoopback(values.HOST)) {
    faults.push(`HOST: ${values.HOST} is beyond loopback, which needs authentication`);
  }
  if (faults.length > 0) throw new ConfigInvalid(faults.join('\n'));
  return Object.freeze({
    host: values.HOST,
    port: values.PORT,
    databaseUrl: values.DATABASE_URL || undefined,
    kafka: brokers(values.KAFKA_BROKERS),
    kafkaPrefix: values.KAFKA_PREFIX,
    dataDir: values.DATA_DIR,
    roles: chosen as Role[],
    requestsPerMinute: values.RATE_LIMIT_PER_MINUTE,
    logLevel: values.LOG_LEVEL,
  });
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
    const { HOST = defaults.HOST, ROLES = defaults.ROLES } = environment;
    return { ...defaults, HOST, ROLES };
  }
}

function brokers(text: string): Config['kafka'] {
  if (text === '') return 'embedded';
  return text === 'none' ? 'none' : text.split(',').map((broker) => broker.trim());
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
