// What listener filters find out about a connection before a chain is chosen: whether it begins with TLS and for whom, or with
// HTTP. Where nobody looks it is bytes.
import type { ListenerFilterChainMatchPredicate } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.js';
import type { Listener } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { Untellable } from '../untellable.ts';
import type { Connection } from './connection.ts';

export interface Inspected {
  readonly transport: 'tls' | 'raw_buffer';
  readonly sni: string;
  readonly protocols: readonly string[];
}

const unread: Inspected = { transport: 'raw_buffer', sni: '', protocols: [] };

const silent = new Set(['envoy.filters.listener.original_dst', 'envoy.filters.listener.proxy_protocol']);

export function inspect({ listenerFilters }: Listener, { payload, port }: Connection): Inspected {
  let found = unread;
  for (const { name, filterDisabled } of listenerFilters) {
    if (filterDisabled !== undefined && holds(filterDisabled, port)) continue;
    if (name === 'envoy.filters.listener.tls_inspector') {
      if (payload.kind === 'tls') found = { transport: 'tls', sni: payload.sni.toLowerCase(), protocols: payload.alpn };
    } else if (name === 'envoy.filters.listener.http_inspector') {
      if (payload.kind === 'http') found = { ...found, protocols: [payload.version] };
    } else if (!silent.has(name)) throw new Untellable(`a listener filter ${name}`);
  }
  return found;
}

function holds({ rule }: ListenerFilterChainMatchPredicate, port: number): boolean {
  switch (rule.case) {
    case 'destinationPortRange':
      return port >= rule.value.start && port < rule.value.end;
    case 'orMatch':
      return rule.value.rules.some((one) => holds(one, port));
    case 'notMatch':
      return !holds(rule.value, port);
    default:
      throw new Untellable(`a listener filter that is disabled by ${rule.case}`);
  }
}
