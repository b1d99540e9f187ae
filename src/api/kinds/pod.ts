// core/v1 Pod: a workload of the mesh.
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { hostAddressAnnotation } from '../annotations.ts';
import { problem } from '../finding.ts';
import type { Immutable } from '../immutable.ts';
import type { Finding, Kind } from '../kind.ts';
import { metadataSchema } from '../metadata.ts';
import { checkPodBypass } from '../pod-bypass.ts';
import { shorten } from '../schema-messages.ts';
import { podSpecSchema } from './pod-spec.ts';

const waiting = z.looseObject({ reason: z.string().exactOptional(), message: z.string().exactOptional() });

const state = z.looseObject({
  waiting: waiting.exactOptional(),
  running: z.looseObject({ startedAt: z.string().exactOptional() }).exactOptional(),
});

const condition = z.looseObject({
  type: z.string(),
  status: z.string(),
  message: z.string().exactOptional(),
});

const containerStatus = z.looseObject({
  name: z.string().exactOptional(),
  ready: z.boolean().exactOptional(),
  restartCount: z.int().exactOptional(),
  state: state.exactOptional(),
});

const status = z.looseObject({
  phase: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  podIP: z.string().exactOptional(),
  conditions: z.array(condition).exactOptional(),
  containerStatuses: z.array(containerStatus).exactOptional(),
});

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: podSpecSchema,
  status: status.exactOptional(),
});

export type Pod = Immutable<z.infer<typeof schema>>;
export type PodContainer = Pod['spec']['containers'][number];

export const podKind: Kind<Pod> = {
  group: '',
  versions: ['v1'],
  kind: 'Pod',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  namespaced: true,
  schema,
  validate: (pod) => [...checkHostAddress(pod), ...checkPodBypass(pod.metadata.annotations, ['metadata'])],
  withDefaults: (pod) => ({
    ...pod,
    spec: { restartPolicy: 'Always', serviceAccountName: 'default', ...pod.spec },
  }),
  columns: [
    { title: 'READY', value: readiness },
    { title: 'STATUS', value: podState },
    {
      title: 'RESTARTS',
      value: ({ status }) =>
        String((status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0)),
    },
    { title: 'IP', wide: true, value: (pod) => pod.status?.podIP ?? '<none>' },
  ],
};

/** Its program and its sidecar are: it may be sent requests. */
export function isPodReady({ status }: Pod): boolean {
  const containers = status?.containerStatuses ?? [];
  return status?.phase === 'Running' && containers.length > 0 && containers.every(({ ready }) => ready === true);
}

function* checkHostAddress({ metadata: { annotations } }: Pod): Iterable<Finding> {
  const address = annotations?.[hostAddressAnnotation];
  if (address === undefined || isIPv4(address)) return;
  const path = ['metadata', 'annotations', hostAddressAnnotation];
  yield problem('SP0307', path, `${shorten(address)} is not a valid IPv4 address`, 'write it like 192.0.2.1');
}

function readiness({ spec, status }: Pod): string {
  const statuses = status?.containerStatuses ?? [];
  const ready = statuses.filter((container) => container.ready === true).length;
  return `${ready}/${Math.max(statuses.length, spec.containers.length)}`;
}

function podState({ status }: Pod): string {
  const waitingFor = status?.containerStatuses?.map(({ state }) => state?.waiting?.reason).find((reason) => reason);
  return waitingFor ?? status?.reason ?? status?.phase ?? 'Pending';
}
