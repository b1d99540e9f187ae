// VirtualService -> the mesh's form of it: names completed, every choice spelled out. Takes a valid object; what is not
// acted on was named by validation.
import { authorityAnnotation } from '../api/annotations.ts';
import type {
  Destination as ApiDestination,
  StringMatch as ApiStringMatch,
  VirtualService as ApiVirtualService,
  HttpMatchRequest,
  HttpRoute,
  RouteDestination,
  TcpMatch,
  TlsMatch,
} from '../api/kinds/virtual-service.ts';
import { completeHost } from './complete-host.ts';
import { selectorOf } from './selector.ts';
import { translateHttpAction, translateRuleSettings } from './translate-http-rule.ts';
import {
  type Destination,
  type HttpMatch,
  type HttpRule,
  meshGateway,
  type SourceMatch,
  type StringMatch,
  type VirtualService,
  type WeightedDestination,
} from './virtual-service.ts';
import { visibilityOf } from './visibility.ts';

export function translateVirtualService({ metadata, spec }: ApiVirtualService): VirtualService {
  const { name, namespace = 'default', creationTimestamp = '', annotations } = metadata;
  const { hosts = [], gateways = [], http = [], tls = [], tcp = [], exportTo } = spec;
  return {
    namespace,
    name,
    createdAt: creationTimestamp,
    visibility: visibilityOf(exportTo, namespace),
    hosts: [...new Set(hosts.map((host) => completeHost(host, namespace)))],
    gateways: gateways.length === 0 ? [meshGateway] : gateways.map((gateway) => completeGateway(gateway, namespace)),
    http: http.filter(isActedOn).map((rule) => translateHttpRule(rule, namespace)),
    tls: tls.flatMap(({ match, route = [] }) => {
      const matches = match.filter(withoutSubnets).map((one) => ({
        ...translateSource(one, namespace),
        sniHosts: one.sniHosts.map((host) => host.toLowerCase()),
      }));
      return matches.length === 0 ? [] : [{ matches, destinations: translateDestinations(route, namespace) }];
    }),
    tcp: tcp.flatMap(({ match = [], route = [] }) => {
      const matches = match.filter(withoutSubnets).map((one) => translateSource(one, namespace));
      if (match.length > 0 && matches.length === 0) return [];
      return [{ matches, destinations: translateDestinations(route, namespace) }];
    }),
    keepsAuthority: annotations?.[authorityAnnotation] === 'keep',
  };
}

/** Rules that hand on to another VirtualService are not acted on. */
function isActedOn({ route = [], redirect, directResponse }: HttpRoute): boolean {
  return route.length > 0 || redirect !== undefined || directResponse !== undefined;
}

/** Ranges of addresses are not acted on; a match that asks for one holds for nobody, rather than for everybody. */
function withoutSubnets(match: TlsMatch | TcpMatch): boolean {
  const { destinationSubnets = [] } = match;
  return destinationSubnets.length === 0 && !('sourceSubnet' in match && match.sourceSubnet !== '');
}

/** `mesh`; `ns/name`; a bare name is one of the same namespace, and Istio's old form is `name.ns.svc…`. */
function completeGateway(gateway: string, namespace: string): string {
  if (gateway === meshGateway || gateway.includes('/')) return gateway;
  const [name = '', other] = gateway.split('.');
  return `${other ?? namespace}/${name}`;
}

function translateHttpRule(rule: HttpRoute, namespace: string): HttpRule {
  return {
    name: rule.name ?? '',
    matches: (rule.match ?? []).map((match) => translateHttpMatch(match, namespace)),
    action: translateHttpAction(rule, (destination) => translateDestination(destination, namespace)),
    ...translateRuleSettings(rule),
  };
}

function translateHttpMatch(match: HttpMatchRequest, namespace: string): HttpMatch {
  const one = (given: ApiStringMatch | undefined) => (given === undefined ? undefined : translateText(given));
  const many = (given: Readonly<Record<string, ApiStringMatch>> = {}, toName = (name: string) => name) =>
    Object.entries(given).map(([name, text]) => [toName(name), translateText(text)] as const);
  const lower = (name: string) => name.toLowerCase();
  return {
    ...translateSource(match, namespace),
    name: match.name ?? '',
    uri: one(match.uri),
    ignoreUriCase: match.ignoreUriCase === true,
    scheme: one(match.scheme),
    method: one(match.method),
    authority: one(match.authority),
    headers: many(match.headers, lower),
    withoutHeaders: many(match.withoutHeaders, lower),
    queryParams: many(match.queryParams),
  };
}

function translateText({ exact, prefix, regex }: ApiStringMatch): StringMatch {
  if (exact !== undefined) return { kind: 'exact', value: exact };
  if (prefix !== undefined) return { kind: 'prefix', value: prefix };
  return regex === undefined ? { kind: 'present' } : { kind: 'regex', value: regex };
}

type ApiSource = HttpMatchRequest | TlsMatch | TcpMatch;

function translateSource({ gateways, port, sourceLabels, sourceNamespace }: ApiSource, namespace: string): SourceMatch {
  return {
    gateways: gateways?.length ? gateways.map((gateway) => completeGateway(gateway, namespace)) : undefined,
    port,
    sourceLabels: sourceLabels === undefined ? undefined : selectorOf(sourceLabels),
    sourceNamespace,
  };
}

function translateDestinations(routes: readonly RouteDestination[], namespace: string): readonly WeightedDestination[] {
  return routes.map(({ destination, weight }) => ({
    destination: translateDestination(destination, namespace),
    weight: weight ?? 0,
  }));
}

function translateDestination({ host, subset, port }: ApiDestination, namespace: string): Destination {
  return { host: completeHost(host, namespace), subset: subset ?? '', port: port?.number };
}
