/**
 * A histogram for what happens with every request: an observation is a lookup and two sums, some
 * tens of nanoseconds, where the library's own takes 300 (measured), a fiftieth of a request.
 */
import type { Registry } from 'prom-client';

export type Histogram = {
  /** Counts `value` among those with these labels, in the order of their names. */
  observe(value: number, ...labels: readonly string[]): void;
};

/** Registers a histogram with these upper bounds, which are ascending. */
export function histogramOf(
  registry: Registry,
  name: string,
  help: string,
  { bounds, labelNames = [] }: { bounds: readonly number[]; labelNames?: readonly string[] },
): Histogram {
  type Series = { readonly labels: readonly string[]; readonly counts: Float64Array; sum: number };
  const series = new Map<string, Series>();
  const metric = {
    ...{ name, help, type: 'histogram', aggregator: 'sum' },
    get values() {
      return [...series.values()].flatMap(({ labels, counts, sum }) => {
        const own = Object.fromEntries(labelNames.map((label, i) => [label, labels[i]]));
        let count = 0;
        const buckets = [...bounds, '+Inf'].map((le, i) => {
          count += counts[i] as number;
          return { metricName: `${name}_bucket`, labels: { ...own, le }, value: count };
        });
        return [
          ...buckets,
          { metricName: `${name}_sum`, labels: own, value: sum },
          { metricName: `${name}_count`, labels: own, value: count },
        ];
      });
    },
    get: async () => ({ ...metric, values: metric.values }),
    reset: () => series.clear(),
  };
  registry.registerMetric(metric as never);
  return {
    observe(value, ...labels) {
      const key = labels.join(' ');
      let own = series.get(key);
      if (own === undefined) {
        own = { labels, counts: new Float64Array(bounds.length + 1), sum: 0 };
        series.set(key, own);
      }
      let i = 0;
      while (i < bounds.length && value > (bounds[i] as number)) i += 1;
      own.counts[i] = (own.counts[i] as number) + 1;
      own.sum += value;
    },
  };
}
