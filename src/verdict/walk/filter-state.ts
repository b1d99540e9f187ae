// Values that filters leave on a connection for later ones. Envoy: set_filter_state; command operators that no decision asks for
// are left as they are.
import type { FilterStateValue } from '../../envoy/gen/envoy/extensions/filters/common/set_filter_state/v3/value_pb.js';
import { Untellable } from '../untellable.ts';
import type { Connection } from './connection.ts';

export function withState(
  state: ReadonlyMap<string, string>,
  values: readonly FilterStateValue[],
  connection: Connection,
): ReadonlyMap<string, string> {
  const next = new Map(state);
  for (const { key, value } of values) {
    const format = value.case === 'formatString' ? value.value.format : undefined;
    const text = format?.case === 'textFormatSource' ? format.value.specifier : undefined;
    if (key.case !== 'objectKey' || text?.case !== 'inlineString') throw new Untellable(`filter state ${key.value}`);
    const made = text.value.replace(/%([A-Z_]+)(?:\((.*?)\))?%/g, (_, name: string, argument: string = '') =>
      operator(name, argument, next, connection),
    );
    if (made !== '') next.set(key.value, made);
  }
  return next;
}

function operator(
  name: string,
  argument: string,
  state: ReadonlyMap<string, string>,
  { sni, peer = '' }: Connection,
): string {
  switch (name) {
    case 'REQUESTED_SERVER_NAME':
      return sni;
    case 'DOWNSTREAM_PEER_URI_SAN':
      return peer;
    case 'FILTER_STATE':
      return state.get(argument.replace(/:PLAIN$/, '')) ?? '';
    // Who tells of it, and what a CONNECT asked for: asked by loggers alone.
    case 'CEL':
      return 'gateway';
    case 'REQ':
      return '';
    default:
      throw new Untellable(`filter state made of ${name}`);
  }
}
