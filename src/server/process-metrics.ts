// The control plane's own metrics in Prometheus's text format. Names of the process follow the Prometheus client
// libraries, so that common dashboards read them.
import { alertKinds } from '../api/alert-settings.ts';
import { type Alert, alertSeverities, alertStates } from '../telemetry/alert.ts';
import type { ServerDeps } from './deps.ts';
import type { StreamLimit } from './events/stream-limit.ts';
import { proxyBody } from './proxy-body.ts';
import { xdsNames } from './wire.ts';

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The whole exposition, ending in a newline. */
export function processMetrics(deps: Pick<ServerDeps, 'info' | 'proxies' | 'traffic'>, streams: StreamLimit): string {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const { capture, version } = deps.info;
  return [
    metric('sallyport_build_info', 'gauge', 'Version of the control plane.', [
      { labels: { version, capture }, value: 1 },
    ]),
    metric('sallyport_proxies_connected', 'gauge', 'Proxies connected over xDS.', [{ value: deps.proxies().length }]),
    metric('sallyport_proxy_sync', 'gauge', 'Proxies by resource type and state of sync.', syncSamples(deps)),
    metric('sallyport_decisions_dropped_total', 'counter', 'Events whose records were lost.', droppedSamples(deps)),
    metric('sallyport_alerts', 'gauge', 'Alerts that are kept, by kind, severity and state.', alertSamples(deps)),
    metric('sallyport_event_streams', 'gauge', 'Readers of events and watches.', [{ value: streams.open() }]),
    metric('sallyport_event_messages_dropped_total', 'counter', 'What readers of events came too late for.', [
      { value: streams.dropped() },
    ]),
    metric('process_start_time_seconds', 'gauge', 'Start of the process, Unix time.', [{ value: startSeconds }]),
    metric('process_cpu_seconds_total', 'counter', 'CPU time used.', [{ value: (user + system) / 1e6 }]),
    metric('process_resident_memory_bytes', 'gauge', 'Resident memory.', [{ value: rss }]),
    metric('nodejs_heap_used_bytes', 'gauge', 'Heap of V8 in use.', [{ value: heapUsed }]),
  ].join('');
}

const startSeconds = Math.round((Date.now() - process.uptime() * 1000) / 1000);

function droppedSamples({ traffic }: Pick<ServerDeps, 'traffic'>): readonly Sample[] {
  return [...traffic.dropped()].map(([reason, value]) => ({ labels: { reason }, value }));
}

/** All there can be, so that a rule finds a number where there is none. */
function alertSamples({ traffic }: Pick<ServerDeps, 'traffic'>): readonly Sample[] {
  const counts = new Map<string, number>();
  const keyOf = (labels: Pick<Alert, 'kind' | 'severity' | 'state'>) =>
    [labels.kind, labels.severity, labels.state].join();
  for (const alert of traffic.alerts({})) counts.set(keyOf(alert), (counts.get(keyOf(alert)) ?? 0) + 1);
  return alertKinds.flatMap((kind) =>
    alertSeverities.flatMap((severity) =>
      alertStates.map((state) => {
        const labels = { kind, severity, state };
        return { labels, value: counts.get(keyOf(labels)) ?? 0 };
      }),
    ),
  );
}

function syncSamples(deps: Pick<ServerDeps, 'proxies'>): readonly Sample[] {
  const counts = new Map<string, Sample>();
  for (const proxy of deps.proxies().map(proxyBody)) {
    for (const type of xdsNames) {
      const { state } = proxy.types[type];
      const key = `${type} ${state}`;
      counts.set(key, { labels: { type, state }, value: (counts.get(key)?.value ?? 0) + 1 });
    }
  }
  return [...counts.values()];
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
