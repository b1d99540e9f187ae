// VirtualService -> the mesh's form of it: names completed, every choice spelled out. Takes a valid object; what is not
// acted on was named by validation.
import { authorityAnnotation, sourceMatchAnnotation } from '../api/annotations.ts';
import type {
  Destination as ApiDestination,
  VirtualService as ApiVirtualService,
  HttpRoute,
  RouteDestination,
  TcpMatch,
  TlsMatch,
} from '../api/kinds/virtual-service.ts';
import { completeHost } from './complete-host.ts';
import { completeGateway, translateHttpMatch, translateSource } from './translate-http-match.ts';
import { translateHttpAction, translateMirrors, translateRuleSettings } from './translate-http-rule.ts';
import {
  type ConnectionMatch,
  type Destination,
  type HttpMatch,
  type HttpRule,
  meshGateway,
  type VirtualService,
  type WeightedDestination,
} from './virtual-service.ts';
import { visibilityOf } from './visibility.ts';

export function translateVirtualService({ metadata, spec }: ApiVirtualService): VirtualService {
  const { name, namespace = 'default', creationTimestamp = '', annotations } = metadata;
  const keepsAuthority = annotations?.[authorityAnnotation] === 'keep';
  const gatewaysAlone = annotations?.[sourceMatchAnnotation] === 'gateways-alone';
  const { hosts = [], gateways = [], http = [], tls = [], tcp = [], exportTo } = spec;
  return {
    namespace,
    name,
    createdAt: creationTimestamp,
    visibility: visibilityOf(exportTo, namespace),
    hosts: [...new Set(hosts.map((host) => completeHost(host, namespace)))],
    gateways: gateways.length === 0 ? [meshGateway] : gateways.map((gateway) => completeGateway(gateway, namespace)),
    http: http.map((rule, index) => {
      const translated = translateHttpRule(rule, index, namespace);
      const matches = gatewaysAlone ? translated.matches.map(withoutSource) : translated.matches;
      return { ...translated, matches, keepsAuthority };
    }),
    tls: tls.map(({ match, route = [] }) => {
      const matches = match.map((one) => ({
        ...translateConnection(one, namespace),
        sniHosts: one.sniHosts.map((host) => host.toLowerCase()),
      }));
      return { matches, destinations: translateDestinations(route, namespace) };
    }),
    tcp: tcp.flatMap(({ match = [], route = [] }) => {
      const matches = match.filter(asksNoSourceSubnet).map((one) => translateConnection(one, namespace));
      if (match.length > 0 && matches.length === 0) return [];
      return [{ matches, destinations: translateDestinations(route, namespace) }];
    }),
    delegates: [],
  };
}

/** Istio: not asked, so that a match for some callers is one for all; here: it holds for nobody. */
function asksNoSourceSubnet({ sourceSubnet = '' }: TcpMatch): boolean {
  return sourceSubnet === '';
}

function translateConnection(match: TlsMatch | TcpMatch, namespace: string): ConnectionMatch {
  return { ...translateSource(match, namespace), destinationSubnets: match.destinationSubnets ?? [] };
}

/** What Istio does not ask where gateways are named. */
function withoutSource(match: HttpMatch): HttpMatch {
  return match.gateways === undefined ? match : { ...match, sourceLabels: undefined, sourceNamespace: undefined };
}

function translateHttpRule(rule: HttpRoute, index: number, namespace: string): Omit<HttpRule, 'keepsAuthority'> {
  const toDestination = (destination: ApiDestination) => translateDestination(destination, namespace);
  return {
    name: rule.name || String(index),
    matches: (rule.match ?? []).map((match) => translateHttpMatch(match, namespace)),
    action:
      rule.delegate === undefined
        ? translateHttpAction(rule, toDestination)
        : { kind: 'delegate', to: `${rule.delegate.namespace || namespace}/${rule.delegate.name ?? ''}`, rule: index },
    ...translateRuleSettings(rule),
    mirrors: translateMirrors(rule, toDestination),
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
