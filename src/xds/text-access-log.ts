// The access log for people that every listener writes, in Istio's text format (model/telemetry_logging.go).
import { type AccessLog, buildAccessLogFile } from '../envoy/access-log.ts';
import { filtered, withExpression } from '../envoy/access-log-filter.ts';
import type { ProxySettings } from '../mesh/proxy-settings.ts';
import type { WorkloadMode } from '../mesh/telemetry.ts';

const fields = [
  '[%START_TIME%]',
  '"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%"',
  '%RESPONSE_CODE%',
  '%RESPONSE_FLAGS%',
  '%RESPONSE_CODE_DETAILS%',
  '%CONNECTION_TERMINATION_DETAILS%',
  '"%UPSTREAM_TRANSPORT_FAILURE_REASON%"',
  '%BYTES_RECEIVED%',
  '%BYTES_SENT%',
  '%DURATION%',
  '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  '"%REQ(X-FORWARDED-FOR)%"',
  '"%REQ(USER-AGENT)%"',
  '"%REQ(X-REQUEST-ID)%"',
  '"%REQ(:AUTHORITY)%"',
  '"%UPSTREAM_HOST%"',
  '%UPSTREAM_CLUSTER_RAW%',
  '%UPSTREAM_LOCAL_ADDRESS%',
  '%DOWNSTREAM_LOCAL_ADDRESS%',
  '%DOWNSTREAM_REMOTE_ADDRESS%',
  '%REQUESTED_SERVER_NAME%',
  '%ROUTE_NAME%',
];

const istioTextFormat = `${fields.join(' ')}\n`;

/** Empty where neither the mesh's accessLogFile nor a Telemetry asks for it, or a Telemetry forbids it. */
export function buildTextAccessLog(config: ProxySettings, mode: WorkloadMode): readonly AccessLog[] {
  const { enabled = config.accessLogFile !== '', filter } = config.accessLogs?.[mode] ?? {};
  if (!enabled) return [];
  const format = config.accessLogFormat === '' ? istioTextFormat : config.accessLogFormat;
  // Istio: what a Telemetry turns on goes to standard output.
  const log = buildAccessLogFile(config.accessLogFile || '/dev/stdout', format);
  return [filter === undefined ? log : filtered(log, withExpression(filter))];
}
