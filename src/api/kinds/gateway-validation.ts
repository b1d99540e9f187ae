// What can be wrong among the fields of a Gateway. Follows ValidateGateway of Istio's pkg/config/validation;
// messages are Istio's, the hint is our mend. Takes an object its schema has accepted.
import { isIP } from 'node:net';
import { isDnsLabel } from '../dns-name.ts';
import { type FieldPath, problem, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { fieldsNotActedOn, notActedOn } from '../not-acted-on.ts';
import { isHttp, isTls, parseProtocol, protocols } from '../protocol.ts';
import { shorten } from '../schema-messages.ts';
import { checkServerHosts, checkServersApart } from './gateway-hosts.ts';
import type { Gateway, GatewayServer } from './gateway-schema.ts';
import { checkServerTls } from './gateway-tls.ts';

export function validateGateway({ metadata, spec }: Gateway): readonly Finding[] {
  const path = ['spec', 'servers'];
  return [
    ...checkName(metadata.name),
    ...checkSelector(spec.selector),
    ...spec.servers.flatMap((server, index) => [...checkServer(server, [...path, index])]),
    ...checkPortNames(spec.servers, path),
    ...checkServersApart(spec.servers, path),
  ];
}

/** VirtualServices name it as `namespace/name`, and older ones with dots mean a namespace by them. */
function* checkName(name: string): Iterable<Finding> {
  if (isDnsLabel(name)) return;
  yield problem('SP0913', ['metadata', 'name'], `invalid gateway name: "${shorten(name)}"`, 'use no dots');
}

function* checkSelector(selector: Gateway['spec']['selector']): Iterable<Finding> {
  if (Object.keys(selector ?? {}).length > 0) return;
  const message = 'a gateway without selector opens its ports on every gateway proxy of the mesh';
  yield warning('SP0912', ['spec', 'selector'], message, 'name the labels of the proxies');
}

function* checkServer(server: GatewayServer, path: FieldPath): Iterable<Finding> {
  const { port, tls, hosts } = server;
  yield* checkServerHosts(hosts, [...path, 'hosts']);
  if (port.name === '') {
    const message = `port name must be set: ${port.number}`;
    yield problem('SP0903', [...path, 'port', 'name'], message, 'write for example https');
  }
  const protocol = parseProtocol(port.protocol);
  if (port.protocol === '' || protocol === undefined || protocol === 'UDP') {
    const known = protocols.filter((name) => name !== 'UDP').join(', ');
    const message = `invalid protocol "${shorten(port.protocol)}", supported protocols are ${known}`;
    yield problem('SP0315', [...path, 'port', 'protocol'], message, 'use one of them');
  } else if (isTls(protocol) && tls === undefined) {
    const message = 'server must have TLS settings for HTTPS/TLS protocols';
    yield problem('SP0905', [...path, 'tls'], message, 'add tls.mode');
  } else if (!isTls(protocol) && tls !== undefined) {
    // Istio takes a redirect to HTTPS here, which is mode PASSTHROUGH as no other is written.
    const redirects = Object.keys(tls).every((field) => field === 'httpsRedirect' || field === 'mode');
    if (!isHttp(protocol)) {
      const message = 'server cannot have TLS settings for non HTTPS/TLS ports';
      yield problem('SP0906', [...path, 'tls'], message, 'use protocol: TLS, or remove them');
    } else if (!redirects || (tls.mode ?? 'PASSTHROUGH') !== 'PASSTHROUGH') {
      const message = 'server cannot have TLS settings for plain text HTTP ports';
      yield problem('SP0906', [...path, 'tls'], message, 'use protocol: HTTPS, or keep httpsRedirect alone');
    }
  } else if (tls !== undefined) yield* checkServerTls(tls, [...path, 'tls']);
  yield* checkBind(server.bind, [...path, 'bind']);
  // Neither has a meaning in Istio's gateways either.
  yield* fieldsNotActedOn(server, path, ['defaultEndpoint']);
  yield* fieldsNotActedOn(port, [...path, 'port'], ['targetPort']);
}

function* checkBind(bind: string | undefined, path: FieldPath): Iterable<Finding> {
  if (!bind) return;
  if (bind.startsWith('unix://')) yield notActedOn('a Unix socket', path);
  // The network interface behind a % may not be there, and Envoy refuses the listener then.
  else if (isIP(bind) === 0 || bind.includes('%')) {
    const message = `'${shorten(bind)}' is not an address to listen on`;
    yield problem('SP0916', path, message, 'write an IP address of the pod, or remove it to listen on all');
  }
}

function* checkPortNames(servers: readonly GatewayServer[], path: FieldPath): Iterable<Finding> {
  const ports = new Set<string>();
  const names = new Set<string>();
  for (const [index, { port, name }] of servers.entries()) {
    if (port.name !== '' && ports.has(port.name)) {
      const message = `port names in servers must be unique: duplicate name ${shorten(port.name)}`;
      yield problem('SP0904', [...path, index, 'port', 'name'], message, 'give each port a name of its own');
    }
    ports.add(port.name);
    if (!name) continue;
    if (names.has(name)) {
      const message = `server names must be unique: duplicate name ${shorten(name)}`;
      yield problem('SP0904', [...path, index, 'name'], message, 'give each server a name of its own');
    }
    names.add(name);
  }
}
