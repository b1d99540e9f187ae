// A rule that sends to a gateway, and that the gateway follows as well, since its matches name no gateways: what it gets it
// sends to itself, until the request is refused (istio-semantics 3.1).
import { problem } from '../../api/finding.ts';
import type { VirtualService } from '../../api/kinds/virtual-service.ts';
import { gatewayOrigin } from '../../mesh/gateway.ts';
import { contradict, matchesLabels } from '../../mesh/selector.ts';
import { originOf, type Service } from '../../mesh/service.ts';
import { meshGateway } from '../../mesh/virtual-service.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { destinationsOf } from './rule-destinations.ts';

export function* findGatewayLoops(object: VirtualService, around: Surroundings): Iterable<CrossFinding> {
  for (const { host, path, gateways } of destinationsOf(object)) {
    for (const key of gateways) {
      const gateway = key === meshGateway ? undefined : around.gateway(key);
      if (gateway === undefined) continue;
      const service = around.services(host).find((one) => leadsTo(one, gateway.selector));
      if (service === undefined) continue;
      const message = `the rule holds at ${gatewayOrigin(gateway)} too and sends what comes there back to it, by ${originOf(service)}`;
      const hint = "add gateways: ['mesh'] to each match of the rule";
      yield about(problem('SP1520', path, message, hint), gatewayOrigin(gateway));
    }
  }

  /** Whether pods behind the Service are configured by a Gateway with this selector. */
  function leadsTo({ workloads, namespace }: Service, selector: ReadonlyMap<string, string> | undefined): boolean {
    if (workloads === undefined || selector === undefined || selector.size === 0) return false;
    if (matchesLabels(selector, Object.fromEntries(workloads))) return true;
    return !contradict(workloads, selector) && around.hasWorkload(namespace, new Map([...workloads, ...selector]));
  }
}
