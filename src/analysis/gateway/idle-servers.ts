// Servers of a Gateway that answer nothing, since no VirtualService with their hosts is bound to it: HTTP gets 404, all else
// is closed.
import { warning } from '../../api/finding.ts';
import type { Gateway } from '../../api/kinds/gateway.ts';
import { gatewayKey } from '../../mesh/gateway.ts';
import { virtualServiceOrigin } from '../../mesh/virtual-service.ts';
import { someOf } from '../../platform/some-of.ts';
import { servedHosts } from '../../xds/gateway/server-hosts.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

export function* findIdleServers({ metadata, spec }: Gateway, around: Surroundings): Iterable<CrossFinding> {
  const { namespace = '', name } = metadata;
  const key = `${namespace}/${name}`;
  const gateway = around.gateway(key);
  if (gateway === undefined) return;
  const bound = around.boundTo(gatewayKey(gateway));
  for (const [index, { hosts }] of spec.servers.entries()) {
    const server = gateway.servers[index];
    if (server === undefined || server.httpsRedirect || server.tls?.mode === 'AUTO_PASSTHROUGH') continue;
    if (bound.some((virtualService) => servedHosts(server, virtualService).size > 0)) continue;
    const among = around.complete ? '' : ' among these files';
    const names = bound.map(virtualServiceOrigin);
    const message =
      names.length === 0
        ? `no VirtualService${among} is bound to ${key}, so that nothing answers ${someOf(hosts)}`
        : `none of the VirtualServices${among} bound to ${key} has hosts in common with ${someOf(hosts)}`;
    const finding = warning(
      'SP1529',
      ['spec', 'servers', index, 'hosts'],
      message,
      `add one with gateways: ['${key}']`,
    );
    // A Gateway is usually applied before the first VirtualService that is bound to it.
    const mayFollow = names.length === 0 || !around.complete;
    yield about(mayFollow ? { ...finding, severity: 'info' } : finding, ...names.slice(0, 3));
  }
}
