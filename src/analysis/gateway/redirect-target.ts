// Callers that are sent to HTTPS where nobody listens.
import { warning } from '../../api/finding.ts';
import type { Gateway } from '../../api/kinds/gateway.ts';
import { isTls } from '../../api/protocol.ts';
import { selectorText } from '../../mesh/selector.ts';
import { someOf } from '../../platform/some-of.ts';
import { commonHost } from '../../xds/gateway/server-hosts.ts';
import type { CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

export function* findMissingRedirectTarget({ metadata, spec }: Gateway, around: Surroundings): Iterable<CrossFinding> {
  if (!spec.servers.some(({ tls }) => tls?.httpsRedirect === true)) return;
  const own = around.gateway(`${metadata.namespace}/${metadata.name}`);
  if (own === undefined) return;
  const text = selectorText(own.selector ?? new Map());
  const secure = around
    .gateways()
    .filter(({ selector }) => selectorText(selector ?? new Map()) === text)
    .flatMap(({ servers }) => servers.filter(({ port }) => isTls(port.protocol)))
    .flatMap(({ hosts }) => hosts.map(({ host }) => host));
  for (const [index, { hosts, httpsRedirect, port }] of own.servers.entries()) {
    if (!httpsRedirect || isTls(port.protocol)) continue;
    const lost = hosts
      .map(({ host }) => host)
      .filter((host) => !secure.some((other) => commonHost(host, other) !== undefined));
    if (lost.length === 0) continue;
    const message = `callers of ${someOf(lost)} are sent to HTTPS, which no server of a Gateway for these workloads answers`;
    const hint = 'add a server with protocol HTTPS for the same hosts, or remove httpsRedirect';
    yield warning('SP1531', ['spec', 'servers', index, 'tls', 'httpsRedirect'], message, hint);
  }
}
