/** What an error says to whoever has to mend it, and which setting is at fault where one is. */

type Told = Error & { code?: unknown; type?: unknown; errors?: unknown[] };
type Hint = readonly [applies: (error: Told) => boolean, hint: string];

/**
 * The message of `error`, and the setting to look at where a broker and we do not come together. It
 * holds no secret, as neither kafkajs nor a broker puts a password into its errors.
 */
export function reasonOf(error: unknown): string {
  const { message, errors } = error as Told;
  const text = message.trim();
  // Of several, as of topics that cannot be made, one says enough.
  const hint = errors?.[0] === undefined ? hintOf(error) : reasonOf(errors[0]);
  return hint === undefined ? text : `${text}: ${hint}`;
}

// What was tried often enough is the cause of the error that says so.
function hintOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const found = hints.find(([applies]) => applies(error as Told));
  return found?.[1] ?? hintOf(error.cause);
}

// By what Apache Kafka 4 and the TLS of Node 24 are seen to do; the first that applies counts.
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
    ({ type }) => /_AUTHORIZATION_FAILED$/.test(String(type)),
    'the brokers do not let the user do that: docs/operations.md lists the rights it needs',
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
    'if the broker is up, its port may want TLS (KAFKA_SSL) or a login (KAFKA_SASL_MECHANISM)',
  ],
];

const untrusted = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
];
