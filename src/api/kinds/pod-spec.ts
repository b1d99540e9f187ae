// The pod template of core/v1. Locally a container is a process: its command, args, environment, working directory
// and ports are acted on, and whether it has the host's network. All other fields of Kubernetes are accepted and have no effect.
import { z } from 'zod';
import { dnsLabelForm, dnsSubdomainForm, isDnsLabel, isDnsSubdomain } from '../dns-name.ts';
import { problem } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import { checked, passed, passedFields, portNumber, textList } from '../schema-parts.ts';

const label = checked(z.string(), function* (name): Iterable<Finding> {
  if (!isDnsLabel(name)) yield problem('SP0201', [], `'${name}' is not a DNS label`, dnsLabelForm);
});

/** It ends an identity, of which policies compare beginnings, ends and parts: with a slash it could pass for another namespace's. */
const serviceAccount = checked(z.string(), function* (name): Iterable<Finding> {
  if (name === '' || isDnsSubdomain(name)) return;
  yield problem('SP0201', [], `'${shorten(name)}' is not a name of a service account`, dnsSubdomainForm);
});

export const environmentVariable = z.strictObject({
  name: z.string().min(1, 'an environment variable needs a name'),
  value: z.string().exactOptional(),
  valueFrom: passed,
});

const containerPort = z.strictObject({
  containerPort: portNumber,
  name: z.string().exactOptional(),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).exactOptional(),
  ...passedFields(['hostIP', 'hostPort']),
});

const container = z.strictObject({
  name: label,
  image: z.string().exactOptional(),
  command: textList.exactOptional(),
  args: textList.exactOptional(),
  env: z.array(environmentVariable).exactOptional(),
  workingDir: z.string().exactOptional(),
  ports: z.array(containerPort).exactOptional(),
  ...passedFields([
    'envFrom',
    'imagePullPolicy',
    'lifecycle',
    'livenessProbe',
    'readinessProbe',
    'resizePolicy',
    'resources',
    'restartPolicy',
    'securityContext',
    'startupProbe',
    'stdin',
    'stdinOnce',
    'terminationMessagePath',
    'terminationMessagePolicy',
    'tty',
    'volumeDevices',
    'volumeMounts',
  ]),
});

export const podSpecSchema = z.strictObject({
  containers: z.array(container).min(1, 'a pod needs a container'),
  serviceAccountName: serviceAccount.exactOptional(),
  restartPolicy: z.enum(['Always', 'OnFailure', 'Never']).exactOptional(),
  hostname: label.exactOptional(),
  hostNetwork: z.boolean().exactOptional(),
  ...passedFields([
    'activeDeadlineSeconds',
    'affinity',
    'automountServiceAccountToken',
    'dnsConfig',
    'dnsPolicy',
    'enableServiceLinks',
    'ephemeralContainers',
    'hostAliases',
    'hostIPC',
    'hostPID',
    'hostUsers',
    'imagePullSecrets',
    'initContainers',
    'nodeName',
    'nodeSelector',
    'os',
    'overhead',
    'preemptionPolicy',
    'priority',
    'priorityClassName',
    'readinessGates',
    'resourceClaims',
    'resources',
    'runtimeClassName',
    'schedulerName',
    'schedulingGates',
    'securityContext',
    'serviceAccount',
    'setHostnameAsFQDN',
    'shareProcessNamespace',
    'subdomain',
    'terminationGracePeriodSeconds',
    'tolerations',
    'topologySpreadConstraints',
    'volumes',
  ]),
});

/** Kubernetes: an empty name is none. */
export function serviceAccountOf({ serviceAccountName }: { readonly serviceAccountName?: string }): string {
  return serviceAccountName || 'default';
}
