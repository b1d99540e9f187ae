// Who talked to what, as flows and as a graph, in any stretch of time that is kept.
import { Hono } from 'hono';
import type { z } from 'zod';
import type { Flow, FlowQuery } from '../../telemetry/flow.ts';
import { trafficGraph } from '../../telemetry/graph.ts';
import { otherHost } from '../../telemetry/traffic.ts';
import type { ServerDeps } from '../deps.ts';
import { askedStretch, type ToldStretch, toldStretch } from '../flow-stretch.ts';
import { readQuery } from '../read-query.ts';
import { flowsQuery, graphQuery } from '../schemas/query-schema.ts';
import type { FlowBody, FlowsBody, GraphBody } from '../wire.ts';

type Asked = Omit<z.infer<typeof flowsQuery>, 'open' | 'external'> & Pick<FlowQuery, 'relays'>;

interface Found {
  readonly flows: readonly Flow[];
  readonly stretch: ToldStretch;
}

export function flowRoutes({ traffic, registry }: Pick<ServerDeps, 'traffic' | 'registry'>): Hono {
  return new Hono()
    .get('/flows', (context) => {
      const { open = false, external = false, ...asked } = readQuery(context, flowsQuery);
      const { flows, stretch } = find(asked);
      const shown = flows.filter(
        (flow) => (!open || flow.open > 0) && (!external || flow.destination.kind !== 'service'),
      );
      return context.json({ flows: shown.map(flowBody), ...inWords(stretch) } satisfies FlowsBody);
    })
    .get('/graph', (context) => {
      const { flows, stretch } = find({ ...readQuery(context, graphQuery), relays: true });
      const graph = trafficGraph(flows, (stretch.to - stretch.from) / 1000);
      return context.json({ ...graph, ...inWords(stretch) } satisfies GraphBody);
    });

  function find({ since, from, to, ...source }: Asked): Found {
    const now = Date.now();
    const asked = askedStretch({ since, from, to }, now);
    return { flows: traffic.flows({ ...asked, ...source }), stretch: toldStretch(asked, now) };
  }

  /** The contract's fields first, in its order. */
  function flowBody({ by: _by, flags, open, peers, ...flow }: Flow): FlowBody {
    const stillAllowed = open > 0 ? isAllowed(flow) : undefined;
    return { ...flow, flags, open, ...(stillAllowed === undefined ? {} : { stillAllowed }), peers };
  }

  /** Whether the proxy of this workload would let a new connection out; undefined where nobody knows to where. */
  function isAllowed({
    source,
    destination: { host, port },
  }: Pick<Flow, 'source' | 'destination'>): boolean | undefined {
    if (registry.policy(source).mode === 'ALLOW_ANY') return true;
    if (host === otherHost || port === 0) return undefined;
    // A wildcard stands for any name below it.
    const name = host.startsWith('*.') ? `x${host.slice(1)}` : host;
    return registry.asked(source, name, port).registered !== undefined;
  }
}

function inWords({ from, to }: ToldStretch): { readonly from: string; readonly to: string } {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
