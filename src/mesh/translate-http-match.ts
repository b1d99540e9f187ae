// Whom a rule of a VirtualService is for: requests and connections by what they are, and by who sends them.
import type {
  StringMatch as ApiStringMatch,
  HttpMatchRequest,
  TcpMatch,
  TlsMatch,
} from '../api/kinds/virtual-service.ts';
import { selectorOf } from './selector.ts';
import { type HttpMatch, meshGateway, type SourceMatch, type StringMatch } from './virtual-service.ts';

export function translateHttpMatch(match: HttpMatchRequest, namespace: string): HttpMatch {
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

export function translateText({ exact, prefix, regex }: ApiStringMatch): StringMatch {
  if (exact !== undefined) return { kind: 'exact', value: exact };
  if (prefix !== undefined) return { kind: 'prefix', value: prefix };
  return regex === undefined ? { kind: 'present' } : { kind: 'regex', value: regex };
}

type ApiSource = HttpMatchRequest | TlsMatch | TcpMatch;

export function translateSource(
  { gateways, port, sourceLabels, sourceNamespace }: ApiSource,
  namespace: string,
): SourceMatch {
  return {
    gateways: gateways?.length ? gateways.map((gateway) => completeGateway(gateway, namespace)) : undefined,
    port,
    sourceLabels: sourceLabels === undefined ? undefined : selectorOf(sourceLabels),
    sourceNamespace,
  };
}

/** `mesh`; `ns/name`; a bare name is one of the same namespace, and Istio's old form is `name.ns.svc…`. */
export function completeGateway(gateway: string, namespace: string): string {
  if (gateway === meshGateway || gateway.includes('/')) return gateway;
  const [name = '', other] = gateway.split('.');
  return `${other ?? namespace}/${name}`;
}
