// A line for each event that was stopped or left unregistered, which Envoy appends to the file in its working folder
// (record-line.ts is the form). Some that did not are written too, where leaving them out would cost
// every request something; the reader knows them.
import { type AccessLog, buildJsonAccessLog } from '../envoy/access-log.ts';
import {
  anyOfFilters,
  atTcp,
  filtered,
  statusFrom,
  withFlags,
  withGrpcStatus,
  withMetadata,
} from '../envoy/access-log-filter.ts';
import { httpShadowNamespace, networkShadowNamespace } from '../envoy/rbac.ts';
import type { Refusal } from './authorization/filters.ts';
import {
  connectedRecordFields,
  type GatewayRecordFields,
  httpRecordFields,
  judgedConnectionKey,
  recordsFile,
  refusalRecordFields,
  reportedKey,
  tcpRecordFields,
  wouldDeny,
} from './record-line.ts';
import { unregisteredMark } from './route-marks.ts';

export interface RecordOptions {
  /** Where the connection was going, if the listener's own address does not say it. */
  readonly destination?: string | undefined;
  /** Of connections: the VirtualService's route, if one sends them. */
  readonly route?: string | undefined;
  readonly gateway?: GatewayRecordFields | undefined;
  /** Of connections that name no host: the one that they are for. */
  readonly host?: string | undefined;
  /** AuthorizationPolicies judge what comes. */
  readonly refusal?: Refusal | undefined;
  /** Of connections: EgressPolicies would stop them. */
  readonly reported?: boolean;
  /** Of connections: they are inside a CONNECT. */
  readonly connected?: boolean;
}

export function buildHttpRecords(options: RecordOptions = {}): AccessLog {
  const log = buildJsonAccessLog(recordsFile, { ...httpRecordFields, ...further(options, 'http') });
  const refused = withFlags(['NR', 'NC', 'DPE']);
  return filtered(
    log,
    anyOfFilters(
      statusFrom(400),
      refused,
      withMetadata(unregisteredMark.namespace, unregisteredMark.key),
      withMetadata(httpShadowNamespace, reportedKey, wouldDeny),
      // gRPC is told of a refusal with 200.
      withGrpcStatus('PERMISSION_DENIED'),
    ),
  );
}

/** `all`: of the catch-all, or where an address is judged. `unknown`: of those that found no cluster. */
export function buildTcpRecords(which: 'all' | 'unknown', options: RecordOptions = {}): AccessLog {
  const log = filtered(buildRefusedRecords(options), atTcp('end'));
  if (which === 'all') return log;
  const unknown = withFlags(['NC']);
  if (options.refusal === undefined) return filtered(log, unknown);
  const refused = withMetadata(networkShadowNamespace, judgedConnectionKey, wouldDeny);
  return filtered(log, anyOfFilters(unknown, refused));
}

/** Of every connection of a listener that asks for it. */
export function buildRefusedRecords(options: RecordOptions): AccessLog {
  return buildJsonAccessLog(recordsFile, { ...tcpRecordFields, ...further(options, 'tcp') });
}

function further(
  { destination, route, gateway, host, refusal, reported = false, connected = false }: RecordOptions,
  family: 'http' | 'tcp',
): Readonly<Record<string, string>> {
  return {
    ...(destination === undefined ? {} : { o: destination }),
    ...(route === undefined ? {} : { r: route }),
    ...(host === undefined ? {} : { s: host }),
    ...(reported ? { w: wouldDeny } : {}),
    ...(connected ? connectedRecordFields : {}),
    ...(refusal === undefined ? {} : refusalRecordFields(family, refusal)),
    ...gateway,
  };
}
