// Who a proxy says it is, where nothing proves it: on plaintext xDS for load tests. Istio's node id
// (`TYPE~IP~NAME.NAMESPACE~DOMAIN`, pilot/pkg/model/context.go) and node metadata are read; any other id will do.
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { ProxyIdentity } from './view.ts';

export function identifyByNode(nodeId: string, metadata: JsonObject): ProxyIdentity {
  const [type = '', , pod = '', domain = ''] = nodeId.split('~');
  const dot = pod.lastIndexOf('.');
  const name = dot < 0 ? pod || nodeId : pod.slice(0, dot);
  const namespace = dot < 0 ? (domain.split('.')[0] ?? '') : pod.slice(dot + 1);
  return {
    namespace: textOf(metadata['NAMESPACE']) || namespace || 'default',
    name: textOf(metadata['NAME']) || name,
    workload: textOf(metadata['WORKLOAD_NAME']) || name,
    serviceAccount: textOf(metadata['SERVICE_ACCOUNT']) || 'default',
    labels: labelsOf(metadata['LABELS']),
    type: type === 'router' ? 'router' : 'sidecar',
    nodeId,
  };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function labelsOf(value: JsonValue | undefined): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const pairs = Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return Object.fromEntries(pairs);
}
