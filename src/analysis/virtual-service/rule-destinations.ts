// The destinations of a VirtualService, each with its place and the gateways whose traffic its rule takes.
import type { FieldPath } from '../../api/finding.ts';
import type { Destination, VirtualService } from '../../api/kinds/virtual-service.ts';
import { completeHost } from '../../mesh/complete-host.ts';
import { completeGateway } from '../../mesh/translate-http-match.ts';
import { meshGateway } from '../../mesh/virtual-service.ts';

export interface RuleDestination {
  readonly protocol: 'http' | 'tls' | 'tcp';
  readonly path: FieldPath;
  /** Completed. */
  readonly host: string;
  readonly subset: string;
  readonly port: number | undefined;
  /** `mesh`, `default/egress`: those that the rule is for. */
  readonly gateways: readonly string[];
  /** The ports that it asks for; empty: any. */
  readonly ports: readonly number[];
}

/** Completed, in the object's order. */
export function boundGateways({ metadata, spec }: VirtualService): readonly string[] {
  const { gateways = [] } = spec;
  if (gateways.length === 0) return [meshGateway];
  return gateways.map((gateway) => completeGateway(gateway, metadata.namespace ?? ''));
}

interface Rule {
  readonly match?: readonly { readonly gateways?: readonly string[]; readonly port?: number }[];
}

export function destinationsOf(object: VirtualService): readonly RuleDestination[] {
  const { namespace = '' } = object.metadata;
  const { http = [], tls = [], tcp = [] } = object.spec;
  const bound = boundGateways(object);

  function placed(protocol: RuleDestination['protocol'], index: number, { match = [] }: Rule) {
    const asked = match.map(({ gateways }) => gateways?.map((gateway) => completeGateway(gateway, namespace)));
    const gatewaysSaid = asked.length > 0 && asked.every((gateways) => gateways !== undefined && gateways.length > 0);
    const said = new Set(asked.flatMap((gateways) => gateways ?? []));
    const gateways = gatewaysSaid ? bound.filter((gateway) => said.has(gateway)) : bound;
    const ports = match.every(({ port }) => port !== undefined) ? match.flatMap(({ port }) => port ?? []) : [];
    return (destination: Destination, ...path: FieldPath): RuleDestination => ({
      protocol,
      path: ['spec', protocol, index, ...path],
      host: completeHost(destination.host, namespace),
      subset: destination.subset ?? '',
      port: destination.port?.number,
      gateways,
      ports,
    });
  }

  return [
    ...http.flatMap((rule, index) => {
      const at = placed('http', index, rule);
      return [
        ...(rule.route ?? []).map(({ destination }, route) => at(destination, 'route', route, 'destination')),
        ...(rule.mirror === undefined ? [] : [at(rule.mirror, 'mirror')]),
        ...(rule.mirrors ?? []).map(({ destination }, mirror) => at(destination, 'mirrors', mirror, 'destination')),
      ];
    }),
    ...(['tls', 'tcp'] as const).flatMap((protocol) =>
      (protocol === 'tls' ? tls : tcp).flatMap((rule, index) => {
        const at = placed(protocol, index, rule);
        return (rule.route ?? []).map(({ destination }, route) => at(destination, 'route', route, 'destination'));
      }),
    ),
  ];
}
