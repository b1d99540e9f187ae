// Why an event was stopped or let out, in one sentence for a person, with what to do about it where that is known.
import type { Signature } from '../../decision.ts';
import { placeOf } from '../../place.ts';
import type { Protocol } from '../../traffic.ts';
import type { Registered } from '../registry.ts';

export interface ReasonOptions {
  readonly signature: Signature;
  readonly host: string;
  /** 0 if unknown. */
  readonly port: number;
  /** Of the host and port, now. */
  readonly registered: Registered | undefined;
  /** The Sidecar that keeps it from who asked. */
  readonly hiddenBy: string | undefined;
  /** The EgressPolicy that does not allow it, or the AuthorizationPolicies that refused it. */
  readonly withheldBy: string | undefined;
  /** The object that set the policy. */
  readonly policy: string;
  readonly protocol: Protocol;
  /** Envoy's word. */
  readonly details: string;
  /** What is known of who sent it to this gateway: `namespace/workload`, and the identity that it proved. */
  readonly senders: readonly string[];
}

export function reasonOf(options: ReasonOptions): string {
  const { senders } = options;
  return senders.length === 0 ? plainReason(options) : `${plainReason(options)} (sent by ${senders.join(', ')})`;
}

function plainReason(options: ReasonOptions): string {
  const { signature, details, policy, withheldBy } = options;
  const who = whoAllows(policy);
  const place = placeOf(options);
  switch (signature) {
    case 'unknown-host':
    case 'unknown-sni':
      return notRegistered(options, place);
    case 'unknown-address':
      return `no ServiceEntry registers the address ${place}, and the connection named no host by TLS or HTTP; ${who} allows registered hosts only`;
    case 'connect-refused':
      return `no ServiceEntry registers ${place} for CONNECT, and ${who} allows registered hosts only`;
    case 'upgrade-refused':
      return `a request to ${place} asked to change its protocol, and only websocket is passed on`;
    case 'low-version':
      return `a request to ${place} was HTTP/1.0 or older, which tells no host to decide by; send HTTP/1.1`;
    case 'malformed-request':
      return `a request to ${place} can be read in more than one way (${details}), so it is passed to nobody; mend the client`;
    case 'missing-host':
      return `a request to ${place} has no Host, by which the mesh decides; send one`;
    case 'headers-too-large':
      return `a request to ${place} has more or larger headers than the proxy takes (${details})`;
    case 'https-on-plaintext':
      return `a request for an https URL of ${place} came without TLS; send it over TLS, or ask for http`;
    case 'not-served':
      return `no VirtualService of this gateway's Gateways serves ${place}; bind one to a Gateway that has the host, or send the request elsewhere`;
    case 'no-destination':
      return `a VirtualService sends ${place} from this gateway to a destination that nobody registered; register it, or mend the route`;
    case 'address-refused':
      return `the address that ${place} resolves to may not be reached by that name (${details}); allow its range in the mesh's configuration if it is meant`;
    case 'policy-denied':
      return deniedReason(options, place);
    case 'policy-reported':
      return `${withheldBy ?? 'an EgressPolicy'} would not allow ${place} to this workload, or not such requests, were its mode enforce`;
    case 'names-differ':
      return `TLS inside a CONNECT for another host names ${place}, which no ServiceEntry registers; name one host in both, or register it`;
    case 'refused':
      return `the proxy refused a request to ${place}${details === '' ? '' : ` (${details})`}`;
    case 'passed-unregistered':
      if (options.hiddenBy !== undefined) return `${hidden(options, place)}, and ${who} lets any host pass`;
      return `no ServiceEntry registers ${place}, and ${who} lets any host pass; register it to keep it when only registered hosts are allowed`;
  }
}

function deniedReason({ withheldBy = 'an EgressPolicy', details }: ReasonOptions, place: string): string {
  if (!withheldBy.startsWith('AuthorizationPolicy/')) {
    return `${withheldBy} does not allow ${place} to this workload, or not such requests; name it under \`from\` if it is meant`;
  }
  return details.includes('[AuthorizationPolicy/')
    ? `${withheldBy} denies it: ${place}, or such a request, to who asked`
    : `no rule of ${withheldBy} allows ${place}, or such a request, to who asked`;
}

function hidden({ hiddenBy }: ReasonOptions, place: string): string {
  return `${place} is registered, and ${hiddenBy} does not import it`;
}

function whoAllows(policy: string): string {
  return policy.startsWith('Sidecar/') ? policy : 'the mesh';
}

/** A host that is registered by now was not yet when it was asked for, or is for another protocol. */
function notRegistered(options: ReasonOptions, place: string): string {
  const { registered, hiddenBy, protocol, signature, policy } = options;
  const who = whoAllows(policy);
  if (hiddenBy !== undefined) return `${hidden(options, place)}; add it to the egress hosts there if it is meant`;
  if (registered === undefined) return `no ServiceEntry registers ${place}, and ${who} allows registered hosts only`;
  const declared = registered.protocol === 'tls' || registered.protocol === 'tcp' ? registered.protocol : 'http';
  const came = signature === 'unknown-sni' ? 'tls' : protocol === 'grpc' ? 'http' : protocol;
  return declared === came
    ? `${place} was not registered at that moment; it is by now`
    : `${place} is registered for ${declared.toUpperCase()} and was asked for by ${came.toUpperCase()}`;
}
