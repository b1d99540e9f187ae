// Who an EgressPolicy lets out, in sentences for people: at sidecars by labels, namespace and service account, at its gateway by the
// identity that a certificate proves, which tells of no labels.
import { spiffeIdentity } from '../../api/spiffe.ts';
import { selectorText } from '../selector.ts';
import type { EgressPolicy, PolicySource } from './egress-policy.ts';

export interface AdmissionContext {
  /** Whether proxies have certificates. */
  readonly mutualTls: boolean;
  readonly trustDomain: string;
}

export function admissionOf(policy: EgressPolicy, context: AdmissionContext): readonly string[] {
  if (policy.hosts.length === 0) return ['It is applied to none of its hosts.'];
  return [allowedAtSidecars(policy), othersAtSidecars(policy), ...atGateway(policy, context)];
}

function allowedAtSidecars(policy: EgressPolicy): string {
  if (policy.expired) return 'It has expired, and allows nobody any more.';
  const ports = [...policy.ports].map(([number, protocol]) => `${number} (${protocol})`).join(', ');
  return `Sidecars allow ${chosen(policy).join('; ')}: ${policy.hosts.join(', ')}, port ${ports}${requested(policy)}.`;
}

function othersAtSidecars({ mode, meshWide, namespace }: EgressPolicy): string {
  const others = `All else${meshWide ? '' : ` from namespace ${namespace}`}`;
  switch (mode) {
    case 'open':
      return `${others} passes too, unless another policy closes the host.`;
    case 'report':
      return `${others} passes too, and is told as policy-reported, unless another policy allows it.`;
    default:
      return `${others} is refused, unless another policy allows it: HTTP with 403, connections by a reset.`;
  }
}

function chosen({ sources, meshWide, namespace }: EgressPolicy): readonly string[] {
  const own = meshWide ? undefined : [namespace];
  if (sources === undefined) return [`all workloads${of(own)}`];
  return sources.map(({ selector, serviceAccounts, namespaces }) => {
    const asked = [
      ...(selector === undefined ? [] : [`labels ${selectorText(selector)}`]),
      ...(serviceAccounts === undefined ? [] : [`service account ${serviceAccounts.join(' or ')}`]),
    ];
    return `workloads${of(namespaces ?? own)}${asked.length === 0 ? '' : ` with ${asked.join(' and ')}`}`;
  });
}

function of(namespaces: readonly string[] | undefined): string {
  return namespaces === undefined ? ' of all namespaces' : ` of namespace ${namespaces.join(' or ')}`;
}

function requested({ requests }: EgressPolicy): string {
  const { methods, paths } = requests ?? {};
  const parts = [
    ...(methods === undefined ? [] : [`methods ${methods.join(', ')}`]),
    ...(paths === undefined ? [] : [`paths ${paths.join(', ')}`]),
  ];
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`;
}

function atGateway(policy: EgressPolicy, { mutualTls, trustDomain }: AdmissionContext): readonly string[] {
  const { gateway, mode, expired } = policy;
  if (gateway === undefined || mode !== 'enforce') return [];
  const name = `The gateway ${gateway.namespace}/${gateway.name}`;
  if (!mutualTls) return [`${name} knows no identities with proxy capture: it asks nobody who they are.`];
  if (expired) return [`${name} lets nobody in for it.`];
  return [`${name} lets in ${principals(policy, trustDomain).join(', ')}.`];
}

/** With `*` for any name. */
function principals({ sources, meshWide, namespace }: EgressPolicy, trustDomain: string): readonly string[] {
  const own = meshWide ? undefined : [namespace];
  const all: PolicySource = { selector: undefined, serviceAccounts: undefined, namespaces: own };
  const found = (sources ?? [all]).flatMap(({ serviceAccounts = ['*'], namespaces = own ?? ['*'] }) =>
    namespaces.flatMap((one) =>
      serviceAccounts.map((serviceAccount) => spiffeIdentity({ trustDomain, namespace: one, serviceAccount })),
    ),
  );
  return [...new Set(found)];
}
