/** The HTTP server: strict schemas, problems, documents, routes. */
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Db } from '../db.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import type { Wakeup } from '../eventstore/wakeup.ts';
import type { Projection } from '../projections/projection.ts';
import { requestId, sendUnroutable, useAdmission } from './admission.ts';
import { type AuthSettings, useAuth } from './auth.ts';
import { useBodyTimeout } from './body-timeout.ts';
import { addBulk } from './bulk.ts';
import { addCasualties } from './casualties.ts';
import { addChanges } from './changes.ts';
import { addClaimViews } from './claim-views.ts';
import { claimRoutes } from './claims.ts';
import { answerClientError, answerExpectation } from './client-errors.ts';
import { useClosing } from './closing.ts';
import { addCommands, Written } from './commands.ts';
import { addDeadLetters } from './dead-letters.ts';
import { addDocuments } from './documents.ts';
import { useProblems } from './errors.ts';
import { addHealth, type Readiness } from './health.ts';
import { idempotency } from './idempotency.ts';
import { addImportFiles, type Uploads } from './import-files.ts';
import { addImports } from './imports.ts';
import { useStrictJson } from './json-body.ts';
import { type Limits, limitOptions, limits as usualLimits } from './limits.ts';
import { addLive } from './live.ts';
import { addLog } from './log.ts';
import { useMethods } from './methods.ts';
import { addMetrics, type MetricsParts, useMetrics } from './metrics.ts';
import { movementRoutes } from './movements.ts';
import { addNegotiations } from './negotiations.ts';
import { addOps } from './ops.ts';
import { addPlaces } from './places.ts';
import { usePressure, useRateLimit } from './pressure.ts';
import { Problem } from './problem.ts';
import { addProofs } from './proofs.ts';
import { useReadSite } from './read-site.ts';
import { addRegister } from './register.ts';
import { registryRoutes } from './registry.ts';
import { addRelay, type RelayStatus } from './relay.ts';
import { addReplays, type Replays } from './replays.ts';
import { useLateLoggers } from './request-log.ts';
import { type StreamLimits, streamLimits } from './stream-client.ts';
import { talkRoutes } from './talks.ts';
import { addTimeline } from './timeline.ts';
import { strictValidation, useStrictQuery } from './validation.ts';
import { addViews } from './views.ts';

export type HttpParts = {
  db: Db;
  store: EventStore;
  projections: readonly Projection[];
  readiness: () => Promise<Readiness>;
  metrics: MetricsParts;
  readRelay: () => Promise<RelayStatus>;
  replays: Replays;
  uploads: Uploads;
  /** Opened while a stream is, closed when none is. */
  openWakeup: () => Wakeup & { close(): Promise<void> };
  auth: AuthSettings;
  /** What one client may ask; 0 is without limit. */
  requestsPerMinute: number;
  logger: FastifyBaseLogger;
  /** The log is another's: what would be recorded is refused. */
  isReadSite?: boolean;
};

/** The server, ready to listen or to be injected into. */
export async function httpServer(
  parts: HttpParts,
  limits: Limits = usualLimits,
  streams: StreamLimits = streamLimits,
): Promise<FastifyInstance> {
  const app = Fastify({
    ...limitOptions(limits),
    loggerInstance: parts.logger,
    genReqId: requestId,
    frameworkErrors: sendUnroutable,
    clientErrorHandler: answerClientError,
    // What is under way is finished, and the connection then closed.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  });
  // A limit for the next request's arrival would be set and cleared with each: the one for standing
  // still does. Of the options Fastify takes 0 for its own default.
  app.server.keepAliveTimeout = 0;
  app.server.on('checkExpectation', answerExpectation);
  app.setValidatorCompiler(strictValidation());
  useLateLoggers(app);
  useProblems(app);
  useClosing(app);
  const answerUnrouted = useMethods(app, limits);
  useMetrics(app, parts.metrics);
  useAdmission(app, limits);
  await usePressure(app, limits);
  // Before authentication, so that whoever tries tokens is limited too.
  await useRateLimit(app, parts.requestsPerMinute);
  useAuth(app, parts.db, parts.auth);
  app.addHook('onRequest', answerUnrouted);
  if (parts.isReadSite === true) useReadSite(app);
  useBodyTimeout(app, limits);
  useStrictJson(app);
  useStrictQuery(app);
  app.addSchema(Problem);
  app.addSchema(Written);
  await addDocuments(app);
  addRoutes(app, parts, streams);
  await app.ready();
  return app;
}

function addRoutes(app: FastifyInstance, parts: HttpParts, streams: StreamLimits): void {
  const { db, store, readiness } = parts;
  const writing = { store, idempotency: idempotency(db, store) };
  addCommands(app, writing, 'registry', registryRoutes);
  addCommands(app, writing, 'claims', claimRoutes);
  addCommands(app, writing, 'movements', movementRoutes);
  addCommands(app, writing, 'talks', talkRoutes);
  addRegister(app, db);
  addViews(app, db);
  addClaimViews(app, db);
  addPlaces(app, { db, store });
  addCasualties(app, db);
  addNegotiations(app, db);
  addTimeline(app, db);
  addChanges(app, parts);
  addLog(app, parts);
  addProofs(app, db);
  addLive(app, parts, streams);
  addBulk(app, store);
  addOps(app, parts);
  addRelay(app, parts.readRelay);
  addReplays(app, parts.replays);
  addDeadLetters(app, db);
  addImports(app, db);
  addImportFiles(app, db, parts.uploads);
  addHealth(app, readiness);
  addMetrics(app, parts.metrics);
}
