// Whose proxies follow a rule: namespaces of sidecars, and of the gateways that it is for.
import type { VirtualService } from '../../api/kinds/virtual-service.ts';
import { meshGateway } from '../../mesh/virtual-service.ts';
import { visibilityOf } from '../../mesh/visibility.ts';
import { someOf } from '../../platform/some-of.ts';
import type { Surroundings } from '../surroundings.ts';

export interface RuleClient {
  readonly namespace: string;
  /** Undefined: sidecars. */
  readonly gateway: string | undefined;
}

export function clientsOf(
  object: VirtualService,
  gateways: readonly string[],
  around: Surroundings,
): readonly RuleClient[] {
  const { namespace: own = '' } = object.metadata;
  const visibility = visibilityOf(object.spec.exportTo, own);
  return gateways.flatMap((gateway): readonly RuleClient[] => {
    if (gateway === meshGateway) {
      return around.clientsOf(visibility, own).map((namespace) => ({ namespace, gateway: undefined }));
    }
    const found = around.gateway(gateway);
    const namespaces = found === undefined ? [] : around.namespacesOf(found.selector);
    return namespaces.map((namespace) => ({ namespace, gateway }));
  });
}

/** `sidecars of default and the gateway default/egress`. */
export function clientText(clients: readonly RuleClient[]): string {
  const sidecars = [
    ...new Set(clients.flatMap(({ namespace, gateway }) => (gateway === undefined ? [namespace] : []))),
  ];
  const gateways = [...new Set(clients.flatMap(({ gateway }) => gateway ?? []))];
  return [
    ...(sidecars.length === 0 ? [] : [`sidecars of ${someOf(sidecars, 4)}`]),
    ...(gateways.length === 0 ? [] : [`gateway${gateways.length === 1 ? '' : 's'} ${someOf(gateways, 4)}`]),
  ].join(' and ');
}
