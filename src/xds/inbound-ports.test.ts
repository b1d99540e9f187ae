// Which ports have a chain in the inbound listener, and when that changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podKind } from '../api/kinds/pod.ts';
import { serviceKind } from '../api/kinds/service.ts';
import { translateService } from '../mesh/translate-service.ts';
import { translatePod } from '../mesh/workload.ts';
import { createInboundPorts } from './inbound-ports.ts';

const kubeService = serviceKind.schema.parse({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'app', namespace: 'default' },
  spec: { selector: { app: 'app' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
});
const pod = podKind.schema.parse({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'app-1', namespace: 'default', labels: { app: 'app' } },
  spec: { containers: [{ name: 'app', command: ['app'] }] },
  status: { phase: 'Running', podIP: '10.0.0.9', containerStatuses: [{ name: 'app', ready: true }] },
});

test('a port is there with its Service, before the first pod is ready, and nothing changes when one is', () => {
  const [alone, withPod] = [
    translateService(kubeService),
    translateService(kubeService, { workloads: [translatePod(pod)] }),
  ];
  assert.equal(withPod.endpoints.length, 1);
  const ports = createInboundPorts('default');
  assert.equal(ports.change(undefined, alone), true);
  assert.deepEqual(ports.all(), [[8080, 'http']]);
  assert.equal(ports.change(alone, withPod), false);
  assert.equal(ports.change(withPod, alone), false);
  assert.equal(ports.change(alone, undefined), true);
  assert.deepEqual(ports.all(), []);
});

test('Services of other namespaces do not count', () => {
  const ports = createInboundPorts('elsewhere');
  assert.equal(ports.change(undefined, translateService(kubeService, { workloads: [translatePod(pod)] })), false);
  assert.deepEqual(ports.all(), []);
});
