// Rules that hold for nobody: of a host that no service has, in a namespace where no proxy looks (istio-semantics 4.1), or for
// a port that the host does not have.
import { warning } from '../../api/finding.ts';
import type { DestinationRule } from '../../api/kinds/destination-rule.ts';
import { placedPolicies } from '../../api/kinds/placed-policies.ts';
import { rootNamespace } from '../../api/root-namespace.ts';
import { completeHost } from '../../mesh/complete-host.ts';
import { originOf, type Service } from '../../mesh/service.ts';
import { someOf } from '../../platform/some-of.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

export function* findUnusedRule(rule: DestinationRule, around: Surroundings): Iterable<CrossFinding> {
  const host = completeHost(rule.spec.host, rule.metadata.namespace ?? '');
  if (host === '*') return;
  const services = around.servicesUnder(host);
  if (services.length === 0) {
    const among = around.complete ? '' : ' among these files';
    const finding = warning(
      'SP1522',
      ['spec', 'host'],
      `no service${among} has the host ${host}`,
      'mend the name, or remove the rule',
    );
    yield around.complete ? finding : { ...finding, severity: 'info' };
    return;
  }
  yield* findUnsought(rule, services, around);
  yield* findUnknownPorts(rule, services);
}

function* findUnsought(
  { metadata, spec }: DestinationRule,
  services: readonly Service[],
  around: Surroundings,
): Iterable<CrossFinding> {
  const { namespace = '' } = metadata;
  const { exportTo = [], workloadSelector } = spec;
  const home = services.some((service) => service.namespace === namespace);
  const [owner] = services;
  if (home || owner === undefined || namespace === rootNamespace || workloadSelector !== undefined) return;
  const reason = 'a rule is looked for in the namespace of the client, of the service, and in istio-system';
  const hint = `move it to namespace ${owner.namespace}, to that of its clients, or to istio-system`;
  if (exportTo.some((target) => target !== '.' && target !== namespace)) {
    const message = `exportTo lets no other namespace find this rule for ${owner.host} of ${originOf(owner)}: ${reason}`;
    yield about(warning('SP1523', ['spec', 'exportTo'], message, hint), originOf(owner));
  } else if (
    around.complete &&
    !around.hasWorkloads(namespace) &&
    around.clientsOf({ public: true }, namespace).length > 1
  ) {
    // In a mesh where nothing runs yet the clients may still come.
    const message = `no proxy finds this rule for ${owner.host} of ${originOf(owner)}: ${reason}, and ${namespace} has no workload`;
    yield about(warning('SP1523', ['metadata', 'namespace'], message, hint), originOf(owner));
  }
}

function* findUnknownPorts(rule: DestinationRule, services: readonly Service[]): Iterable<CrossFinding> {
  const known = new Set(services.flatMap(({ ports }) => ports.map(({ number }) => number)));
  const [first] = services;
  for (const { policy, path } of placedPolicies(rule)) {
    for (const [index, { port }] of (policy.portLevelSettings ?? []).entries()) {
      const { number } = port ?? {};
      if (number === undefined || known.has(number) || first === undefined) continue;
      const at = [...path, 'portLevelSettings', index, 'port', 'number'];
      const names = someOf([...new Set(services.map(originOf))]);
      const message = `${names} has no port ${number}; it has ${[...known].join(', ') || 'none'}`;
      yield about(
        warning('SP1524', at, message, 'write the number that applications connect to, not the targetPort'),
        originOf(first),
      );
    }
  }
}
