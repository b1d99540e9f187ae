// What can be wrong in a WorkloadEntry. Follows ValidateWorkloadEntry of Istio's pkg/config/validation; messages are
// Istio's where it has one.
import type { DiagnosticCode } from '../diagnostic-codes.ts';
import { isDnsLabel } from '../dns-name.ts';
import { type FieldPath, problem, warning } from '../finding.ts';
import { isWildcardHost, normalizeHost } from '../host-name.ts';
import { parseIpRange } from '../ip-range.ts';
import type { Finding } from '../kind.ts';
import { fieldsNotActedOn } from '../not-acted-on.ts';
import { shorten } from '../schema-messages.ts';
import { isAddress } from './service-entry-hosts.ts';
import type { WorkloadEntry, WorkloadEntrySpec } from './workload-entry-schema.ts';

export const unixPrefix = 'unix://';
/** Of a socket's path, in bytes. */
const longestPath = 107;

export function* validateWorkloadEntry({ spec }: WorkloadEntry): Iterable<Finding> {
  const path = ['spec'];
  yield* checkAddress(spec, [...path, 'address']);
  if (spec.address?.startsWith(unixPrefix) === true && Object.keys(spec.ports ?? {}).length > 0) {
    const hint = 'remove ports: a Unix socket serves the one port of its ServiceEntry';
    yield problem('SP1303', [...path, 'ports'], 'unix addresses must not include ports', hint);
  }
  for (const name of Object.keys(spec.ports ?? {})) {
    if (isDnsLabel(name.toLowerCase())) continue;
    yield problem(
      'SP0314',
      [...path, 'ports', name],
      `invalid port name: ${shorten(name)}`,
      "use letters, digits and '-'",
    );
  }
  yield* notActedOnOfWorkload(spec, path);
}

/** What an endpoint may say and nothing follows from. */
export function notActedOnOfWorkload(spec: WorkloadEntrySpec, path: FieldPath): Iterable<Finding> {
  return fieldsNotActedOn(spec, path, ['network', 'serviceAccount']);
}

export function* checkUnixAddress(address: string, path: FieldPath, code: DiagnosticCode): Iterable<Finding> {
  if (Buffer.byteLength(address) > unixPrefix.length + longestPath) {
    const message = `unix address "${shorten(address)}" is longer than ${longestPath} bytes`;
    yield problem(code, path, message, 'put the socket elsewhere');
  }
  if (address.startsWith(`${unixPrefix}/`)) return;
  yield problem(code, path, `unix address "${shorten(address)}" must be absolute`, 'write unix:///path/of.sock');
}

function* checkAddress({ address = '', network }: WorkloadEntrySpec, path: FieldPath): Iterable<Finding> {
  if (address === '') {
    const hint = 'write an IP address, a DNS name or unix:///path/of.sock';
    // Istio: a network alone leads to the gateway of that network; here: there are no networks.
    if (network === undefined) yield problem('SP1301', path, 'address is required', hint);
    else yield warning('SP1301', path, 'a workload without address is reached by nobody', hint);
    return;
  }
  if (address.startsWith(unixPrefix)) {
    yield* checkUnixAddress(address, path, 'SP1302');
    return;
  }
  const range = parseIpRange(address);
  if (range !== undefined && !range.cidr) return;
  const host = normalizeHost(address);
  if (host !== undefined && !isWildcardHost(host) && !isAddress(host)) return;
  const message = `endpoint address "${shorten(address)}" is not a valid FQDN or an IP address`;
  yield problem('SP1302', path, message, 'write a DNS name or an IP address');
}
