/** Saying no in time: to one client that asks too much, and to all when the process cannot. */
import { getHeapStatistics } from 'node:v8';
import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify';
import { Overloaded } from '../eventstore/event-store.ts';
import { sendProblem } from './errors.ts';
import type { Limits } from './limits.ts';
import { problems } from './problem-responses.ts';

const windowMs = 60_000;
// Who watches the process has to see it when it is busiest.
const alwaysAnswered = new Set(['/livez', '/readyz', '/metrics']);
// Making a server blocks the event loop, of every server of the process: the samples that saw it
// say nothing of the work.
let lastMadeAt = Number.NEGATIVE_INFINITY;

/** Makes `app` refuse work while the event loop lags or the heap is nearly full. */
export async function usePressure(app: FastifyInstance, limits: Limits): Promise<void> {
  const settlingMs = 2 * limits.pressureSampleIntervalMs;
  app.addHook('onReady', async () => {
    lastMadeAt = performance.now();
  });
  await app.register(underPressure, {
    maxEventLoopDelay: limits.eventLoopDelayMaxMs,
    maxHeapUsedBytes: getHeapStatistics().heap_size_limit * limits.heapFullMax,
    sampleInterval: limits.pressureSampleIntervalMs,
    pressureHandler: async (request, _reply, type) => {
      if (isAlwaysAnswered(request) || performance.now() < lastMadeAt + settlingMs) return;
      throw new Overloaded(`the process is too busy: ${type}`);
    },
  });
}

/**
 * Makes `app` take so many requests a minute of each client, by its address: also of one who tries
 * keys that are none. 0 is without limit. Announced as
 * draft-ietf-httpapi-ratelimit-headers-10 has it; what the plugin itself sends is older.
 */
export async function useRateLimit(app: FastifyInstance, requestsPerMinute: number): Promise<void> {
  if (requestsPerMinute === 0) return;
  await app.register(rateLimit, { global: false });
  const take = app.createRateLimit({
    max: requestsPerMinute,
    timeWindow: windowMs,
    // A network of IPv6 is one client.
    keyGenerator: ({ ip }) => normalizeIP(ip),
  });
  const policy = `"client";q=${requestsPerMinute};w=${windowMs / 1_000}`;
  app.addHook('onRequest', async (request, reply) => {
    if (isAlwaysAnswered(request)) return;
    const taken = await take(request);
    if (taken.isAllowed) return;
    const { remaining, ttlInSeconds, isExceeded } = taken;
    reply.header('ratelimit-policy', policy);
    reply.header('ratelimit', `"client";r=${remaining};t=${ttlInSeconds}`);
    if (!isExceeded) return;
    reply.header('retry-after', String(ttlInSeconds));
    const detail = `more than ${requestsPerMinute} requests in a minute`;
    return sendProblem(request, reply, { status: 429, code: 'rate-limited', detail });
  });
}

/** A route's schema with these refusals among its responses, for the API's document. */
export function withRefusals(schema: FastifySchema, url: string): FastifySchema {
  if (schema === undefined || schema.hide || alwaysAnswered.has(url)) return schema;
  return {
    ...schema,
    response: { ...(schema.response as object), ...problems(408, 414, 429, 431, 503) },
  };
}

function isAlwaysAnswered(request: FastifyRequest): boolean {
  return alwaysAnswered.has(request.routeOptions.url ?? '');
}
