// What a Sidecar leaves out under REGISTRY_ONLY: hosts that its own namespace registered for itself; and lines that import
// nothing at all.
import { warning } from '../../api/finding.ts';
import type { Sidecar as ApiSidecar } from '../../api/kinds/sidecar.ts';
import { parseEgressHost } from '../../api/kinds/sidecar-hosts.ts';
import { rootNamespace } from '../../api/root-namespace.ts';
import { completeHost } from '../../mesh/complete-host.ts';
import { hostImportsOf } from '../../mesh/host-imports.ts';
import { proxySettingsOf } from '../../mesh/proxy-settings.ts';
import { originOf } from '../../mesh/service.ts';
import { someOf } from '../../platform/some-of.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

export function* findHiddenHosts({ metadata }: ApiSidecar, around: Surroundings): Iterable<CrossFinding> {
  const { namespace = '', name } = metadata;
  const own = around.sidecars(namespace).find((sidecar) => sidecar.name === name);
  if (own === undefined || own.egress.length === 0) return;
  if (proxySettingsOf(around.config(), own).outboundTrafficPolicy !== 'REGISTRY_ONLY') return;
  const imports = hostImportsOf(own, namespace);
  const hidden = around
    .servicesOf(namespace)
    .filter((service) => service.external && imports.service(service) === undefined);
  if (hidden.length === 0) return;
  const hosts = someOf(hidden.map(({ host }) => host));
  const message = `does not import ${hosts}, which its own namespace registered: workloads are stopped there`;
  const hint = "add './*' to the hosts of an egress listener, or the hosts one by one";
  yield about(warning('SP1541', ['spec', 'egress'], message, hint), ...hidden.slice(0, 3).map(originOf));
}

export function* findEmptyImports({ metadata, spec }: ApiSidecar, around: Surroundings): Iterable<CrossFinding> {
  const { namespace: own = '' } = metadata;
  for (const [listener, { hosts = [] }] of (spec.egress ?? []).entries()) {
    for (const [index, text] of hosts.entries()) {
      const entry = parseEgressHost(text);
      if (entry === undefined || entry.excluded || entry.namespace === '' || entry.host === '*') continue;
      // In the root namespace `.` is that of each proxy.
      if (entry.namespace === '.' && own === rootNamespace) continue;
      const namespace = entry.namespace === '.' ? own : entry.namespace;
      const host = completeHost(entry.host, own);
      const found = around.servicesUnder(host);
      if (found.some((service) => namespace === '*' || service.namespace === namespace)) continue;
      const [elsewhere] = found;
      const where = namespace === '*' ? '' : ` in namespace ${namespace}`;
      const among = around.complete ? '' : ' among these files';
      const message = `no service${among}${where} has the host ${host}`;
      const hint =
        elsewhere === undefined ? 'mend the name, or register it' : `write ${elsewhere.namespace}/${entry.host}`;
      const finding = warning('SP1542', ['spec', 'egress', listener, 'hosts', index], message, hint);
      const told = around.complete || elsewhere !== undefined ? finding : ({ ...finding, severity: 'info' } as const);
      yield elsewhere === undefined ? told : about(told, originOf(elsewhere));
    }
  }
}
