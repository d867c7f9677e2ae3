/** Where what the process does is written down: to standard error, without secrets. */
import { type DestinationStream, type Logger, pino } from 'pino';

/** JSON lines on stderr, or to `stream`; readable ones on a terminal. */
export function makeLogger(level: string, stream?: DestinationStream): Logger {
  if (stream !== undefined) return pino({ level, redact }, stream);
  // In step: what is still buffered when the log's reader goes would be flushed for ever.
  const stderr = { dest: 2, sync: true };
  if (!process.stderr.isTTY) return pino({ level, redact }, pino.destination(stderr));
  const options = { destination: 2, ignore: 'pid,hostname' };
  return pino({ level, redact, transport: { target: 'pino-pretty', options } });
}

// No secret gets into the log: not with a request or its headers, nor where a client has put a key
// or a token into an address.
const secretHeaders = ['authorization', 'cookie', 'set-cookie', 'idempotency-key'];
// Of a `KafkaCluster`.
const secretSettings = ['sasl.password', 'tls.client.key.pem'];
const token = /fl_[\w-]{43}|eyJ[\w-]*\.[\w-]+\.[\w-]*/g;
const redact = {
  paths: [
    ...['', 'headers', 'req.headers', 'res.headers'].flatMap((place) =>
      secretHeaders.map((header) => `${place}["${header}"]`),
    ),
    'req.url',
    ...['', 'cluster.', 'kafka.', 'config.kafka.'].flatMap((place) =>
      secretSettings.map((setting) => `${place}${setting}`),
    ),
  ],
  censor: (value: unknown, path: string[]) =>
    path.at(-1) === 'url' ? String(value).replace(token, '[redacted]') : '[redacted]',
};
