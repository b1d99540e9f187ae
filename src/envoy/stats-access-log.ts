// The access logger that counts. Envoy: extensions.access_loggers.stats.v3. Each stat costs Envoy nearly a microsecond for
// every request, most of it for the tags: so all stats of a logger share one tag, and what a histogram counts has no
// counter of its own.
// Invariant: no value that a caller chooses stands in the tag; the number of series is Envoy's memory.
import type { AccessLog } from './access-log.ts';
import { anyOf } from './any.ts';
import { Config_Histogram_Unit, ConfigSchema } from './gen/envoy/extensions/access_loggers/stats/v3/stats_pb.js';

export interface StatsAccessLogOptions {
  /** In front of all names, with a dot. */
  readonly scope: string;
  readonly tag: { readonly name: string; readonly format: string };
  readonly histograms?: readonly { readonly name: string; readonly unit: 'ms' | 'bytes'; readonly value: string }[];
  /** Without a value each event counts one. */
  readonly counters?: readonly { readonly name: string; readonly value?: string }[];
}

/** A bound that traffic does not reach: a server that answers with ever new status codes must not fill the proxy. */
const mostSeries = 30_000;

const units = { ms: Config_Histogram_Unit.Milliseconds, bytes: Config_Histogram_Unit.Bytes } as const;

export function buildStatsAccessLog({ scope, tag, histograms = [], counters = [] }: StatsAccessLogOptions): AccessLog {
  const stat = (name: string) => ({ name, tags: [{ name: tag.name, valueFormat: tag.format }] });
  const value = anyOf(ConfigSchema, {
    statsScope: { prefix: scope, maxCounters: mostSeries, maxHistograms: mostSeries },
    histograms: histograms.map(({ name, unit, value: valueFormat }) => ({
      stat: stat(name),
      unit: units[unit],
      valueFormat,
    })),
    counters: counters.map(({ name, value: valueFormat }) => ({
      stat: stat(name),
      ...(valueFormat === undefined ? { valueFixed: 1n } : { valueFormat }),
    })),
  });
  return { name: 'envoy.access_loggers.stats', configType: { case: 'typedConfig', value } };
}
