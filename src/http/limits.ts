/** How much the server takes of a request and how long it waits for it, units last. */
import type { Server } from 'node:http';
import type { FastifyHttpOptions } from 'fastify';

export type Limits = Readonly<typeof limits>;

export const limits = {
  bodyBytesMax: 1024 * 1024,
  /** Request line and headers together; beyond it Node stops reading. */
  headBytesMax: 16 * 1024,
  headersMax: 100,
  /** RFC 9110, 4.1, asks for 8,000 at least. */
  urlLengthMax: 8_000,
  /** A stream's name is the longest. */
  pathParameterLengthMax: 256,
  /** Until the headers, and a body that is read as a whole, are there. */
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  timeoutCheckIntervalMs: 1_000,
  /** How long a connection may stand still, in either direction, or wait for its next request. */
  stillTimeoutMs: 120_000,
  /** Mean of a sample. Beyond it, or with the heap as full, work is refused for a while. */
  eventLoopDelayMaxMs: 2_000,
  heapFullMax: 0.9,
  pressureSampleIntervalMs: 1_000,
};

/** The part of `limits` that Fastify and Node hold by themselves. */
export function limitOptions(limits: Limits) {
  return {
    bodyLimit: limits.bodyBytesMax,
    connectionTimeout: limits.stillTimeoutMs,
    routerOptions: { maxParamLength: limits.pathParameterLengthMax },
    http: {
      maxHeaderSize: limits.headBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      // For whole requests, streams of any length too: see `body-timeout.ts`.
      requestTimeout: 0,
      connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
      // Node would answer without a body; see `admission.ts`.
      requireHostHeader: false,
    },
  } satisfies FastifyHttpOptions<Server>;
}
