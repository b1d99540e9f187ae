// apps/v1 Deployment: a number of equal pods, replaced one by one when their template changes.
import { z } from 'zod';
import { failureCondition } from '../deployment-conditions.ts';
import { problem } from '../finding.ts';
import type { Immutable } from '../immutable.ts';
import type { Finding, Kind } from '../kind.ts';
import { annotationMap, labelMap, metadataSchema } from '../metadata.ts';
import { checkPodBypass } from '../pod-bypass.ts';
import { passedFields } from '../schema-parts.ts';
import { formatSelector, labelSelectorSchema, selectorMatches } from './deployment-selector.ts';
import { strategySchema } from './deployment-strategy.ts';
import { podSpecSchema } from './pod-spec.ts';

const template = z.strictObject({
  metadata: z
    .strictObject({
      labels: labelMap.exactOptional(),
      annotations: annotationMap.exactOptional(),
      ...passedFields(['name', 'namespace', 'generateName', 'creationTimestamp', 'finalizers']),
    })
    .exactOptional(),
  spec: podSpecSchema,
});

const spec = z.strictObject({
  replicas: z.int().min(0).max(1000).exactOptional(),
  selector: labelSelectorSchema,
  template,
  strategy: strategySchema.exactOptional(),
  paused: z.boolean().exactOptional(),
  ...passedFields(['minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds']),
});

const condition = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().exactOptional(),
  message: z.string().exactOptional(),
  lastUpdateTime: z.string().exactOptional(),
  lastTransitionTime: z.string().exactOptional(),
});

const count = z.int().exactOptional();

const status = z.looseObject({
  observedGeneration: count,
  replicas: count,
  updatedReplicas: count,
  readyReplicas: count,
  availableReplicas: count,
  unavailableReplicas: count,
  conditions: z.array(condition).exactOptional(),
});

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec,
  status: status.exactOptional(),
});

export type Deployment = Immutable<z.infer<typeof schema>>;
export type DeploymentStatus = Immutable<z.infer<typeof status>>;
export type DeploymentCondition = Immutable<z.infer<typeof condition>>;

export const deploymentKind: Kind<Deployment> = {
  group: 'apps',
  versions: ['v1'],
  kind: 'Deployment',
  plural: 'deployments',
  singular: 'deployment',
  shortNames: ['deploy'],
  namespaced: true,
  schema,
  validate: (deployment) => [
    ...checkSelector(deployment),
    ...checkRestarts(deployment),
    ...checkPodBypass(deployment.spec.template.metadata?.annotations, ['spec', 'template', 'metadata']),
  ],
  withDefaults(deployment) {
    const { template } = deployment.spec;
    const podDefaults = { restartPolicy: 'Always', serviceAccountName: 'default' } as const;
    return {
      ...deployment,
      spec: {
        replicas: 1,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        ...deployment.spec,
        template: { ...template, spec: { ...podDefaults, ...template.spec } },
      },
    };
  },
  columns: [
    { title: 'READY', value: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 1}` },
    { title: 'UP-TO-DATE', value: ({ status }) => String(status?.updatedReplicas ?? 0) },
    { title: 'AVAILABLE', value: ({ status }) => String(status?.availableReplicas ?? 0) },
    { title: 'CONTAINERS', wide: true, value: (deployment) => ofContainers(deployment, ({ name }) => name) },
    { title: 'IMAGES', wide: true, value: (deployment) => ofContainers(deployment, ({ image }) => image ?? '<none>') },
    { title: 'SELECTOR', wide: true, value: ({ spec: { selector } }) => formatSelector(selector) },
  ],
  notes: failureNotes,
};

type Container = Deployment['spec']['template']['spec']['containers'][number];

function ofContainers({ spec }: Deployment, value: (container: Container) => string): string {
  return spec.template.spec.containers.map(value).join(',');
}

function failureNotes({ status }: Deployment): readonly string[] {
  const failure = status?.conditions?.find(({ type, status }) => type === failureCondition && status === 'True');
  return failure === undefined ? [] : [`${failure.reason}: ${failure.message}`];
}

function* checkSelector({ spec: { selector, template } }: Deployment): Iterable<Finding> {
  const path = ['spec', 'selector'];
  if (formatSelector(selector) === '<none>') {
    yield problem('SP0502', path, 'an empty selector is not allowed', 'give matchLabels the labels of the template');
  } else if (!selectorMatches(selector, template.metadata?.labels ?? {})) {
    const hint = `the template needs the labels ${formatSelector(selector)}`;
    yield problem('SP0502', path, "does not match the template's labels", hint);
  }
}

function* checkRestarts({ spec: { template } }: Deployment): Iterable<Finding> {
  const { restartPolicy = 'Always' } = template.spec;
  if (restartPolicy === 'Always') return;
  const path = ['spec', 'template', 'spec', 'restartPolicy'];
  yield problem('SP0504', path, `pods of a Deployment restart always, not '${restartPolicy}'`, 'remove the field');
}
