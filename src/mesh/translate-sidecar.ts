// Sidecar -> the mesh's form of it. Takes a valid object; what is not acted on was named by validation.
import { normalizeHost } from '../api/host-name.ts';
import type { EgressListener as ApiListener, Sidecar as ApiSidecar, SidecarSpec } from '../api/kinds/sidecar.ts';
import { parseEgressHost } from '../api/kinds/sidecar-hosts.ts';
import { completeHost } from './complete-host.ts';
import { selectorOf } from './selector.ts';
import type { EgressListener, Sidecar } from './sidecar.ts';

export function translateSidecar({ metadata, spec }: ApiSidecar): Sidecar {
  const { name, namespace = 'default', creationTimestamp = '' } = metadata;
  const { workloadSelector, egress = [], outboundTrafficPolicy } = spec;
  return {
    namespace,
    name,
    createdAt: creationTimestamp,
    workloadSelector: workloadSelector === undefined ? undefined : selectorOf(workloadSelector.labels ?? {}),
    egress: egress.map(translateListener),
    outboundTrafficPolicy: translatePolicy(outboundTrafficPolicy, namespace),
  };
}

function translateListener({ port, hosts = [] }: ApiListener): EgressListener {
  return {
    // Number 0 stands for a Unix socket: no port of any service, so that nothing is imported by it.
    port: port === undefined ? undefined : (port.number ?? 0),
    hosts: hosts.flatMap((text) => {
      const parsed = parseEgressHost(text);
      return parsed === undefined ? [] : [{ ...parsed, host: normalizeHost(parsed.host) ?? parsed.host }];
    }),
  };
}

function translatePolicy(
  policy: SidecarSpec['outboundTrafficPolicy'],
  namespace: string,
): Sidecar['outboundTrafficPolicy'] {
  if (policy === undefined) return undefined;
  const { mode, egressProxy } = policy;
  return {
    mode: mode === 'ALLOW_ANY' ? mode : 'REGISTRY_ONLY',
    egressProxy:
      egressProxy === undefined
        ? undefined
        : {
            host: completeHost(egressProxy.host, namespace),
            subset: egressProxy.subset ?? '',
            port: egressProxy.port?.number,
          },
  };
}
