// The listeners of a Sidecar: their ports among each other, and where they are bound.
import { isIP } from 'node:net';
import { type FieldPath, problem, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { fieldsNotActedOn, notActedOn } from '../not-acted-on.ts';
import { parseProtocol, protocols } from '../protocol.ts';
import { shorten } from '../schema-messages.ts';
import { checkConnectionPool } from './destination-rule-policy-validation.ts';
import { checkEgressHosts } from './sidecar-hosts.ts';
import type { EgressListener, IngressListener, SidecarPort } from './sidecar-schema.ts';

const unixPrefix = 'unix://';

export function* checkEgress(listeners: readonly EgressListener[], path: FieldPath): Iterable<Finding> {
  const ports = new Set<number | string>();
  for (const [index, listener] of listeners.entries()) {
    const place = [...path, index];
    yield* checkEgressHosts(listener.hosts ?? [], [...place, 'hosts']);
    const { port, bind = '', captureMode } = listener;
    if (port === undefined) {
      if (index !== listeners.length - 1) {
        const message = 'sidecar: the egress listener with empty port should be the last listener in the list';
        yield problem('SP1205', place, message, 'move it to the end, and keep one of them');
      }
    } else {
      yield* checkPort(port, bind, place);
      const key = port.number === undefined || port.number === 0 ? bind : port.number;
      if (ports.has(key)) {
        const message = 'sidecar: ports on IP bound listeners must be unique';
        yield problem('SP1206', [...place, 'port'], message, 'put their hosts into one listener');
      }
      ports.add(key);
    }
    if (bind !== '' && bind !== '0.0.0.0') yield notActedOn('bind', [...place, 'bind']);
    if (captureMode === 'NONE') yield notActedOn('captureMode NONE', [...place, 'captureMode']);
  }
}

function* checkPort({ number = 0, protocol = '', targetPort }: SidecarPort, bind: string, path: FieldPath) {
  const parsed = parseProtocol(protocol);
  if (parsed === undefined || parsed === 'UDP') {
    const known = protocols.filter((name) => name !== 'UDP').join(', ');
    const message = `unsupported protocol: ${shorten(protocol)}`;
    yield problem('SP0315', [...path, 'port', 'protocol'], message, `use one of ${known}`);
  } else if (parsed !== 'auto' && number !== 0) {
    const message = 'the protocol of an egress port has no effect: that of the service counts';
    yield warning('SP1207', [...path, 'port', 'protocol'], message, 'set it at the service');
  }
  if (targetPort !== undefined && targetPort > 0) {
    const message = 'targetPort has no impact on Sidecars';
    yield problem('SP1208', [...path, 'port', 'targetPort'], message, 'remove it');
  }
  if (number === 0 && !bind.startsWith(unixPrefix)) {
    const message = 'sidecar: ports with 0 value must have a unix domain socket bind address';
    yield problem('SP1208', [...path, 'port', 'number'], message, 'write the number of a port');
  }
  if (number !== 0 && bind !== '' && isIP(bind) === 0) {
    const message = `${shorten(bind)} is not a valid IP`;
    yield problem('SP1208', [...path, 'bind'], message, 'write an address, or remove it');
  }
}

/** What comes in to a workload is not governed by Sidecars here. */
export function* checkIngress(listeners: readonly IngressListener[], path: FieldPath): Iterable<Finding> {
  for (const [index, listener] of listeners.entries()) {
    const place = [...path, index];
    if (listener.port === undefined) {
      const message = 'sidecar: port is required for ingress listeners';
      yield problem('SP1208', place, message, 'add port.number and port.protocol');
    }
    const { connectionPool } = listener;
    if (connectionPool !== undefined) yield* checkConnectionPool(connectionPool, [...place, 'connectionPool']);
  }
  yield* fieldsNotActedOn({ ingress: listeners }, path.slice(0, -1), listeners.length > 0 ? ['ingress'] : []);
}
