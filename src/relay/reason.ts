/** What an error says to whoever has to mend it: where a setting is at fault, which. */

type Told = { name?: string; message: string; code?: unknown; type?: unknown; cause?: unknown };
type Hint = readonly [applies: (error: Told) => boolean, hint: string];

/**
 * The message of `error`; of one between us and a broker, with the setting to look at. In one line,
 * and without what is secret: no client puts a password into its errors.
 */
export function reasonOf(error: unknown): string {
  const { message } = error as Error;
  const hint = hintOf(error);
  const text = message.trim();
  return hint === undefined ? text : `${text}: ${hint}`;
}

// kafkajs wraps what it has tried often enough.
function hintOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const found = hints.find(([applies]) => applies(error as Told));
  return found?.[1] ?? hintOf(error.cause);
}

// By what a broker of Apache Kafka and Node's TLS are seen to do.
const hints: readonly Hint[] = [
  [
    ({ name }) => name === 'KafkaJSSASLAuthenticationError',
    'check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD',
  ],
  [
    ({ type }) => type === 'UNSUPPORTED_SASL_MECHANISM',
    'set KAFKA_SASL_MECHANISM to one that the brokers have',
  ],
  [
    ({ type }) => type === 'ILLEGAL_SASL_STATE',
    'its port takes no login: unset KAFKA_SASL_MECHANISM, or name in KAFKA_BROKERS one that does',
  ],
  [
    ({ code }) => untrusted.includes(String(code)),
    'set KAFKA_SSL_CA_FILE to the certificate of the authority of the brokers',
  ],
  [
    ({ code }) => code === 'ERR_TLS_CERT_ALTNAME_INVALID',
    'name the brokers in KAFKA_BROKERS, and have them name one another, as their certificates do',
  ],
  // What a broker says of ours is an alert of TLS (RFC 8446, 6.2).
  [
    ({ code }) => /^ERR_SSL_.*ALERT.*(CERTIFICATE|_CA$)/.test(String(code)),
    'the broker asks for a certificate that it trusts: check KAFKA_SSL_CERT_FILE',
  ],
  [
    ({ code, message }) =>
      code === 'ERR_SSL_WRONG_VERSION_NUMBER' || /before secure TLS connection/.test(message),
    'if its port is not one for TLS, unset KAFKA_SSL, or name in KAFKA_BROKERS one that is',
  ],
  [
    ({ name }) => name === 'KafkaJSConnectionClosedError',
    'if it is up, is its port one for TLS (KAFKA_SSL), or logins (KAFKA_SASL_MECHANISM)?',
  ],
];

const untrusted = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
];
