// Routes about the programs that the keeper runs. How to enter one is told to the mesh's own user only.
import { Hono } from 'hono';
import { SallyportError } from '../../platform/errors.ts';
import { notFound } from '../api-error.ts';
import type { ServerDeps, Transport } from '../deps.ts';
import { parseLabelSelector } from '../label-selector.ts';
import type { PodBody } from '../wire.ts';

export function podRoutes(deps: ServerDeps, transport: Transport): Hono {
  return new Hono()
    .get('/pods', async (context) => {
      const namespace = context.req.query('namespace');
      const selects = parseLabelSelector(context.req.query('labelSelector'));
      const pods = (await podBodies(deps)).filter((pod) => namespace === undefined || pod.namespace === namespace);
      return context.json({ pods: pods.filter((pod) => selects(pod.labels)) });
    })
    .get('/pods/:namespace/:name/exec', async (context) => {
      if (transport === 'tcp') throw new SallyportError('SP_FORBIDDEN', 'not told over TCP');
      const { namespace, name } = context.req.param();
      const plan = await deps.execPlan(namespace, name);
      if (plan === undefined) throw notFound(`running workload ${name} in namespace ${namespace}`);
      return context.json(plan);
    });
}

/** Labels are the Pod object's; a proxy knows them too, where the pod is no object. */
async function podBodies(deps: ServerDeps): Promise<readonly PodBody[]> {
  const { items } = await deps.store.list({ group: '', kind: 'Pod' });
  const labels = new Map([
    ...deps.proxies().map(({ proxy }) => [`${proxy.namespace}/${proxy.name}`, proxy.labels] as const),
    ...items.map(({ metadata }) => [`${metadata.namespace}/${metadata.name}`, metadata.labels ?? {}] as const),
  ]);
  return (await deps.pods()).map((pod) => ({ ...pod, labels: labels.get(`${pod.namespace}/${pod.name}`) ?? {} }));
}
