// The pod whose traffic a proxy tells of, as the proxy's stream proved it, and as it is kept with the positions: events of
// a pod that is gone still have a source.
import { z } from 'zod';
import type { ProxyIdentity } from '../../discovery/view.ts';
import type { Source } from '../traffic.ts';

export interface Caller {
  readonly source: Source;
  readonly pod: string;
}

export function callerOf({ namespace, name, workload, serviceAccount, labels }: ProxyIdentity): Caller {
  return { source: { namespace, workload, serviceAccount, labels }, pod: name };
}

/** `shop/web-5d4`, the same in all names of positions. */
export function callerName({ namespace, name }: ProxyIdentity): string {
  return `${namespace}/${name}`;
}

export const callerSchema: z.ZodType<Caller> = z.object({
  source: z.object({
    namespace: z.string(),
    workload: z.string(),
    serviceAccount: z.string(),
    labels: z.record(z.string(), z.string()),
  }),
  pod: z.string(),
});
