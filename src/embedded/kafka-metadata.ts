import { connect } from 'node:net';

const ANSWER_TIMEOUT_MS = 2_000;
const CORRELATION_ID = 1;
// Metadata, version 5, no client id, no topics, create none.
const REQUEST = Buffer.concat([
  int16(3),
  int16(5),
  int32(CORRELATION_ID),
  int16(-1),
  int32(0),
  Buffer.from([0]),
]);

/**
 * Resolves when the broker at this address has answered a metadata request that names a broker,
 * rejects when it does not. That its port is open says nothing: it opens it before it serves.
 * Written by hand as it is one request, and kafkajs is to be named in few places.
 */
export function askMetadata(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let answer = Buffer.alloc(0);
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('no answer in time')));
    socket.once('connect', () => socket.write(Buffer.concat([int32(REQUEST.length), REQUEST])));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length >= BROKER_COUNT_END_BYTES) socket.end();
    });
    socket.once('error', reject);
    socket.once('close', () => (namesBroker(answer) ? resolve() : reject(new Error('no broker'))));
  });
}

// Size, correlation id, throttle time, number of brokers: four bytes each.
const BROKER_COUNT_END_BYTES = 16;

function namesBroker(answer: Buffer): boolean {
  return (
    answer.length >= BROKER_COUNT_END_BYTES &&
    answer.readInt32BE(4) === CORRELATION_ID &&
    answer.readInt32BE(12) > 0
  );
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
