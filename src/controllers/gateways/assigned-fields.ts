// What others rightly write into a child: it stays when the child is set back. Addresses of a Service come from whoever
// gives them, and a Deployment's restart is asked for by an annotation.
import { deploymentKind } from '../../api/kinds/deployment.ts';
import { serviceKind } from '../../api/kinds/service.ts';
import type { KubeObject } from '../../api/object.ts';
import { restartedAtAnnotation } from '../../api/restart-annotation.ts';

/** `desired` with what was assigned to `current`, if that is there. */
export function withAssigned(desired: KubeObject, current: KubeObject | undefined): KubeObject {
  if (current === undefined) return desired;
  if (desired.kind === serviceKind.kind) return withAddresses(desired, current);
  return desired.kind === deploymentKind.kind ? withRestart(desired, current) : desired;
}

function withAddresses(desired: KubeObject, current: KubeObject): KubeObject {
  const service = serviceKind.schema.parse(desired);
  const before = serviceKind.schema.safeParse(current);
  if (!before.success) return desired;
  const { clusterIP, clusterIPs, ports = [] } = before.data.spec;
  return {
    ...service,
    spec: {
      ...service.spec,
      ...(clusterIP === undefined ? {} : { clusterIP }),
      ...(clusterIPs === undefined ? {} : { clusterIPs }),
      ports: (service.spec.ports ?? []).map((port) => {
        const { nodePort } = ports.find((one) => one.port === port.port && one.protocol === port.protocol) ?? {};
        return nodePort === undefined ? port : { nodePort, ...port };
      }),
    },
  };
}

function withRestart(desired: KubeObject, current: KubeObject): KubeObject {
  const deployment = deploymentKind.schema.parse(desired);
  const before = deploymentKind.schema.safeParse(current);
  const restartedAt = before.data?.spec.template.metadata?.annotations?.[restartedAtAnnotation];
  if (restartedAt === undefined) return desired;
  const { template } = deployment.spec;
  const annotations = { ...template.metadata?.annotations, [restartedAtAnnotation]: restartedAt };
  return {
    ...deployment,
    spec: { ...deployment.spec, template: { ...template, metadata: { ...template.metadata, annotations } } },
  };
}
