// Several VirtualServices for one host at the sidecars, of which one alone counts (IST0109).
import { problem, warning } from '../../api/finding.ts';
import type { VirtualService } from '../../api/kinds/virtual-service.ts';
import { completeHost } from '../../mesh/complete-host.ts';
import { meshGateway, virtualServiceOrigin } from '../../mesh/virtual-service.ts';
import { isVisible } from '../../mesh/visibility.ts';
import { someOf } from '../../platform/some-of.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { boundGateways } from './rule-destinations.ts';

export function* findTakenHosts(object: VirtualService, around: Surroundings): Iterable<CrossFinding> {
  if (!boundGateways(object).includes(meshGateway)) return;
  const seen = new Set<string>();
  for (const [index, given] of (object.spec.hosts ?? []).entries()) {
    const host = completeHost(given, object.metadata.namespace ?? '');
    if (seen.has(host)) continue;
    seen.add(host);
    yield* findOlder(object, { host, index }, around);
  }
}

interface PlacedHost {
  readonly host: string;
  /** In `spec.hosts`. */
  readonly index: number;
}

function* findOlder(
  { metadata }: VirtualService,
  { host, index }: PlacedHost,
  around: Surroundings,
): Iterable<CrossFinding> {
  const { namespace = '', name } = metadata;
  const own = around.virtualServices(host).find((one) => one.namespace === namespace && one.name === name);
  if (own === undefined) return;
  const clients = around.clientsOf(own.visibility, namespace).filter((client) => isVisible(own.visibility, client));
  const lost = clients.flatMap((client) => {
    const winner = around.virtualService(host, client);
    return winner === undefined || winner === own ? [] : [{ client, winner: virtualServiceOrigin(winner) }];
  });
  if (lost.length === 0) return;
  const winners = [...new Set(lost.map(({ winner }) => winner))];
  const everywhere = lost.length === clients.length;
  const where = everywhere ? '' : ` at sidecars of ${someOf(lost.map(({ client }) => client))}`;
  const message = `${host} is that of ${someOf(winners)} too, and its rules alone hold${where}`;
  const tell = everywhere ? problem : warning;
  const hint = 'put the rules into one VirtualService, or narrow exportTo';
  yield about(tell('SP1516', ['spec', 'hosts', index], message, hint), ...winners);
}
