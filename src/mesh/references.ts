// What objects refer to: the hosts that traffic is sent to, the labels by which they tell proxies apart, and files on the
// host.
import { normalizeHost } from '../api/host-name.ts';
import { rootNamespace } from '../api/root-namespace.ts';
import type { AuthorizationPolicy } from './authorization-policy.ts';
import type { DestinationRule, PortedPolicy } from './destination-rule.ts';
import type { EgressPolicy } from './egress-policy/egress-policy.ts';
import type { Gateway, ServerTls } from './gateway.ts';
import { localityLabels } from './locality.ts';
import type { PeerAuthentication } from './peer-authentication.ts';
import type { LabelSelector } from './selector.ts';
import type { Sidecar } from './sidecar.ts';
import type { Telemetry } from './telemetry.ts';
import type { VirtualService } from './virtual-service.ts';

/** Labels that some object asks of proxies. */
export interface ScopedSelector {
  readonly selector: LabelSelector;
  /** Undefined: of proxies anywhere. */
  readonly namespace: string | undefined;
}

export function routedHosts({ http, tls, tcp }: VirtualService): ReadonlySet<string> {
  const routed = http.flatMap(({ action, mirrors }) =>
    action.kind === 'route' ? [...action.destinations, ...mirrors] : [],
  );
  const passed = [...tls, ...tcp].flatMap(({ destinations }) => destinations);
  return new Set([...routed, ...passed].map(({ destination }) => destination.host));
}

/** Those, and the names under which its rules send requests to wildcards. */
export function hostsAskedBy(virtualService: VirtualService): ReadonlySet<string> {
  const asked = virtualService.http.flatMap(({ action, rewrite, headers }) => [
    rewrite?.authority,
    headers.request.authority,
    ...(action.kind === 'route' ? action.destinations.map((one) => one.headers.request.authority) : []),
  ]);
  const names = asked.flatMap((name) => (name === undefined ? [] : [normalizeHost(name) ?? name]));
  return new Set([...routedHosts(virtualService), ...names]);
}

export type SelectingObject =
  | VirtualService
  | DestinationRule
  | Sidecar
  | Telemetry
  | PeerAuthentication
  | AuthorizationPolicy
  | EgressPolicy;

/** The same ones again for the same object: the mesh knows them by identity, or it could not take them away. */
const known = new WeakMap<SelectingObject, readonly ScopedSelector[]>();

export function selectorsOf(object: SelectingObject): readonly ScopedSelector[] {
  const selectors = known.get(object) ?? findSelectors(object);
  known.set(object, selectors);
  return selectors;
}

function findSelectors(object: SelectingObject): readonly ScopedSelector[] {
  if ('sources' in object) return sourceSelectors(object);
  if ('workloadSelector' in object) {
    const { workloadSelector: selector, namespace } = object;
    // Those of the root namespace choose in every namespace.
    const anywhere = 'rules' in object && namespace === rootNamespace;
    return selector === undefined ? [] : [{ selector, namespace: anywhere ? undefined : namespace }];
  }
  return [...object.http, ...object.tls, ...object.tcp]
    .flatMap((rule) => [...rule.matches])
    .flatMap(({ sourceLabels, sourceNamespace }) =>
      sourceLabels === undefined ? [] : [{ selector: sourceLabels, namespace: sourceNamespace }],
    );
}

function sourceSelectors({ sources = [], namespace, meshWide }: EgressPolicy): readonly ScopedSelector[] {
  return sources.flatMap(({ selector, namespaces }) => {
    if (selector === undefined || selector.size === 0) return [];
    const own: readonly (string | undefined)[] = meshWide ? (namespaces ?? [undefined]) : [namespace];
    return own.map((one) => ({ selector, namespace: one }));
  });
}

/** Service accounts of proxies that the policy asks for. */
export function chosenAccountsOf({ sources = [] }: EgressPolicy): readonly string[] {
  return [...new Set(sources.flatMap(({ serviceAccounts = [] }) => serviceAccounts))];
}

/** The namespace of a policy that judges what workloads send by who they are. */
export function askingNamespaces({ boundTo, rules, namespace }: AuthorizationPolicy): readonly string[] {
  const conditions = rules.flatMap((rule) => [...rule.sources.flat(), ...rule.conditions]);
  const asks = conditions.some(
    ({ attribute }) => attribute === 'source.principal' || attribute === 'source.serviceAccount',
  );
  return boundTo === 'outbound' && asks ? [namespace] : [];
}

/** Labels of proxies by which the rule tells near endpoints from far ones; empty: it does not. */
export function placeLabelsOf(rule: DestinationRule): readonly string[] {
  const policies = [rule, ...rule.subsets].flatMap(({ policy, ports }) => [policy, ...ports.values()]);
  const settings = policies.flatMap(({ loadBalancer }) => loadBalancer?.locality ?? []);
  const asks = policies.some(({ outlierDetection }) => outlierDetection !== undefined);
  if (!asks && settings.every(({ distribute }) => distribute.length === 0)) return [];
  const named = settings.flatMap(({ failoverPriority }) => failoverPriority.filter((label) => !label.includes('=')));
  return [...new Set([...localityLabels, ...named])];
}

/** Paths of certificates, keys, roots and revocation lists. */
export function filePathsOf(object: DestinationRule | Gateway): readonly string[] {
  const paths =
    'servers' in object
      ? object.servers.flatMap(({ tls }) => pathsOfServer(tls))
      : [object, ...object.subsets].flatMap(pathsOfPolicy);
  return paths.filter((path) => path !== undefined);
}

function pathsOfServer(tls: ServerTls | undefined): readonly (string | undefined)[] {
  const { certificates = [], callerRoots } = tls ?? {};
  const shown = certificates.flatMap((one) => ('certificate' in one ? [one.certificate, one.key] : []));
  return callerRoots !== undefined && 'file' in callerRoots ? [...shown, callerRoots.file, callerRoots.crl] : shown;
}

function pathsOfPolicy({ policy, ports }: PortedPolicy): readonly (string | undefined)[] {
  return [policy, ...ports.values()].flatMap(({ tls }) => [
    tls?.caCertificates,
    tls?.caCrl,
    tls?.clientCertificate,
    tls?.privateKey,
  ]);
}
