/**
 * What operators watch, in Prometheus' format. Counters and histograms are moved as things happen;
 * gauges are read when somebody asks.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type AppendResult, type EventStore, Overloaded } from './eventstore/event-store.ts';
import { histogramOf } from './histogram.ts';

/** What is so at a moment, as far as it could be read. */
export type Snapshot = {
  readonly head: number;
  /** Null at a read site. */
  readonly relay: {
    readonly state: string;
    readonly position: number;
    readonly lag_events: number;
    readonly lag_seconds: number;
  } | null;
  /** At a read site alone. */
  readonly mirror: {
    readonly waiting: number;
    readonly held: string | null;
    readonly dead_letters: number;
  } | null;
  readonly projections: readonly {
    readonly name: string;
    readonly state: string;
    readonly position: number;
    readonly lag_events: number;
    readonly lag_seconds: number;
    readonly rate: number;
  }[];
  /** Appends of any process that wait for the log's lock. */
  readonly lock_waiters: number;
};
export type PoolCounts = {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
};

export type Metrics = ReturnType<typeof makeMetrics>;

/** Seconds. A lone append takes about 1 ms, a batch under load 5, a view 10. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Up to `batchSizeMax` of group commit. */
const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000];

/** The metrics of one process. */
export function makeMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = histogramOf(
    registry,
    'frontlog_http_request_duration_seconds',
    'From the request line to the end of the answer',
    { bounds: durations, labelNames: ['method', 'route', 'status'] },
  );
  const appends = histogramOf(
    registry,
    'frontlog_append_duration_seconds',
    'From asking for an append to its answer, the queue included',
    { bounds: durations, labelNames: ['outcome'] },
  );
  const batches = histogramOf(
    registry,
    'frontlog_append_batch_events',
    'Events of a batch that was stored in one transaction',
    { bounds: sizes },
  );
  const batchSeconds = histogramOf(
    registry,
    'frontlog_append_batch_duration_seconds',
    'From sending a batch to its commit, the wait for the lock included',
    { bounds: durations },
  );
  const conflicts = new Counter({
    registers: [registry],
    name: 'frontlog_append_conflicts_total',
    help: 'Appends that met another version of their stream, or an id that was taken',
  });
  const gauges = gaugesOf(registry);
  return {
    /** `route` is the route's pattern, so that there are few. */
    answered: (method: string, route: string, status: number, seconds: number) =>
      requests.observe(seconds, method, route, String(status)),
    appended: (outcome: AppendResult['outcome'] | 'overloaded' | 'failed', seconds: number) => {
      appends.observe(seconds, outcome);
      if (outcome === 'wrong_version' || outcome === 'id_conflict') conflicts.inc();
    },
    stored: (events: number, seconds: number) => {
      batches.observe(events);
      batchSeconds.observe(seconds);
    },
    /** All of it as text; what could not be read now is left out. */
    async text(read: () => Promise<Snapshot>, pool: PoolCounts): Promise<string> {
      gauges.show(await read().catch(() => undefined), pool);
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

/** `store`, its appends measured. */
export function measuredStore<Store extends EventStore>(store: Store, metrics: Metrics): Store {
  return {
    ...store,
    append(append) {
      const started = performance.now();
      const seconds = () => (performance.now() - started) / 1_000;
      const appended = store.append(append);
      appended.then(
        ({ outcome }) => metrics.appended(outcome, seconds()),
        (error) => {
          metrics.appended(error instanceof Overloaded ? 'overloaded' : 'failed', seconds());
        },
      );
      return appended;
    },
  };
}

function gaugesOf(registry: Registry) {
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ registers: [registry], name: `frontlog_${name}`, help, labelNames });
  const up = gauge('database_up', '1 if the log could be read now, else 0');
  const head = gauge('log_head_position', 'Position of the last event');
  const waiters = gauge('append_lock_waiters', "Batches that wait for the log's lock, everywhere");
  const relay = {
    state: gauge('relay_state', '1 for the state that the relay of this process is in', 'state'),
    position: gauge('relay_position', 'Last position on the topic'),
    events: gauge('relay_lag_events', 'Events that are not on the topic yet'),
    seconds: gauge('relay_lag_seconds', 'Age of the first event that is not on the topic yet'),
  };
  const mirror = {
    waiting: gauge('mirror_waiting_events', 'Events that wait for those before them'),
    held: gauge('mirror_held', '1 if the next event could not be taken, else 0'),
    letters: gauge('mirror_dead_letters', 'Messages that could not be taken, and are open'),
  };
  const projection = {
    running: gauge('projection_running', '1 if it runs, 0 if it is paused', 'projection'),
    position: gauge('projection_position', 'Last position it has applied', 'projection'),
    events: gauge('projection_lag_events', 'Events it has not applied yet', 'projection'),
    seconds: gauge('projection_lag_seconds', 'Age of the first of these events', 'projection'),
    rate: gauge('projection_events_per_second', 'Its rate, smoothed over batches', 'projection'),
  };
  const connections = gauge('pool_connections', 'Connections of the pool', 'state');
  const ofRelay = [relay.position, relay.events, relay.seconds];
  const ofMirror = Object.values(mirror);
  const single = [head, waiters, ...ofRelay, ...ofMirror];
  const labelled = [relay.state, ...Object.values(projection)];
  return {
    show(snapshot: Snapshot | undefined, pool: PoolCounts): void {
      for (const one of labelled) one.reset();
      up.set(snapshot === undefined ? 0 : 1);
      connections.set({ state: 'idle' }, pool.idleCount);
      connections.set({ state: 'in_use' }, pool.totalCount - pool.idleCount);
      connections.set({ state: 'awaited' }, pool.waitingCount);
      if (snapshot === undefined) {
        // Reset, these would be 0, which would be a lie.
        for (const one of single) one.remove();
        return;
      }
      head.set(snapshot.head);
      waiters.set(snapshot.lock_waiters);
      if (snapshot.relay === null) for (const one of ofRelay) one.remove();
      else {
        relay.state.set({ state: snapshot.relay.state }, 1);
        relay.position.set(snapshot.relay.position);
        relay.events.set(snapshot.relay.lag_events);
        relay.seconds.set(snapshot.relay.lag_seconds);
      }
      if (snapshot.mirror === null) for (const one of ofMirror) one.remove();
      else {
        mirror.waiting.set(snapshot.mirror.waiting);
        mirror.held.set(snapshot.mirror.held === null ? 0 : 1);
        mirror.letters.set(snapshot.mirror.dead_letters);
      }
      for (const { name, state, position, lag_events, lag_seconds, rate } of snapshot.projections) {
        const labels = { projection: name };
        projection.running.set(labels, state === 'running' ? 1 : 0);
        projection.position.set(labels, position);
        projection.events.set(labels, lag_events);
        projection.seconds.set(labels, lag_seconds);
        projection.rate.set(labels, rate);
      }
    },
  };
}
