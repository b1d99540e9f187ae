// On which ports the pods of one namespace are reached through Services, and how. A port that Services disagree about is
// taken as it comes. Changes with the Services and their pods, not with what is registered outside.
import { handlingOf } from '../mesh/handling.ts';
import type { Service, ServicePort } from '../mesh/service.ts';

export type InboundHandling = 'http' | 'tcp';
export type InboundPort = readonly [number, InboundHandling];

export interface InboundPorts {
  /** Takes what this host was out of the book, and what it is now in; true if a port came, went or changed. */
  change(before: Service | undefined, after: Service | undefined): boolean;
  /** By port, in ascending order. */
  all(): readonly InboundPort[];
}

export function createInboundPorts(namespace: string): InboundPorts {
  /** What selects nothing has no pods, whatever is behind it. */
  const isOwn = (service: Service | undefined) =>
    service?.source === 'Service' && service.namespace === namespace && service.workloads !== undefined;
  /** How often each port is wanted in each way. */
  const wanted = new Map<number, Record<InboundHandling, number>>();

  function count(service: Service | undefined, step: 1 | -1): void {
    if (service === undefined || !isOwn(service)) return;
    for (const servicePort of service.ports) {
      const handling = handlingOf(servicePort.protocol) === 'http' ? 'http' : 'tcp';
      for (const port of portsOfPods(service, servicePort)) {
        const counts = wanted.get(port) ?? { http: 0, tcp: 0 };
        counts[handling] += step;
        if (counts.http === 0 && counts.tcp === 0) wanted.delete(port);
        else wanted.set(port, counts);
      }
    }
  }

  function all() {
    return [...wanted]
      .map(([port, { tcp }]): InboundPort => [port, tcp > 0 ? 'tcp' : 'http'])
      .sort(([a], [b]) => a - b);
  }

  return {
    all,
    change(before, after) {
      if (!isOwn(before) && !isOwn(after)) return false;
      const old = JSON.stringify(all());
      count(before, -1);
      count(after, 1);
      return JSON.stringify(all()) !== old;
    },
  };
}

/**
 * Where there are no pods yet, what the Service says of them: a chain has to be there before the first caller hears of a
 * pod, since a connection that it does not have stays unread to its end.
 */
function portsOfPods({ endpoints }: Service, { number, name, targetPort }: ServicePort): ReadonlySet<number> {
  if (endpoints.length === 0) return new Set([targetPort ?? number]);
  return new Set(endpoints.map((endpoint) => endpoint.ports.get(name) ?? number));
}
