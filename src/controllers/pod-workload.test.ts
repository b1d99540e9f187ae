// What becomes of Pod objects: gateways beside workloads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Pod, podKind } from '../api/kinds/pod.ts';
import type { PodStatus, ProcessStatus, SandboxStatus } from '../runtime/protocol.ts';
import { kubePodStatus } from './pod-status.ts';
import { identityOf, podSpecOf, sandboxRequestOf, type WorkloadDefaults } from './pod-workload.ts';

const defaults: WorkloadDefaults = {
  env: { HOME: '/home/me' },
  user: { uid: 1000, gid: 1000, groups: [] },
  envoyArgs: ['--drain-time-s', '10'],
  countedScopes: [],
  listeners: { outbound: 'out', inbound: 'in', gateway: (port) => `gateway-${port}` },
};
const redirected: SandboxStatus = {
  namespace: 'istio-system',
  name: 'egress-1',
  podIP: '10.1.0.1',
  appIP: '10.1.0.1',
  proxyIP: '10.1.0.5',
  dns: { address: '10.1.0.6', port: 53 },
  dnsRelay: { address: '10.1.0.2', port: 53 },
  proxyUid: 61_000,
  xdsPath: '/run/x/0',
};
const proxied: SandboxStatus = {
  ...redirected,
  appIP: '10.1.0.2',
  outboundProxy: { address: '10.1.0.1', port: 15_001 },
};

function podOf(container: object, spec: object = {}): Pod {
  const metadata = { namespace: 'istio-system', name: 'egress-1', uid: 'u', labels: { 'gateway-name': 'egress' } };
  const ports = [{ containerPort: 8080 }, { containerPort: 8443 }, { containerPort: 53, protocol: 'UDP' }];
  const containers = [{ name: 'istio-proxy', args: ['proxy', 'router'], ports, ...container }];
  return podKind.schema.parse({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers, ...spec } });
}

function socketsOf(pod: Pod, sandbox: SandboxStatus): readonly string[] {
  const { static_resources: own } = JSON.parse(podSpecOf(pod, sandbox, defaults)?.bootstrap ?? '');
  return (own.listeners ?? []).map((listener: BoundListener) => {
    const { address, port_value: port } = listener.address.socket_address;
    return `${address}:${port}`;
  });
}

interface BoundListener {
  readonly address: { readonly socket_address: { readonly address: string; readonly port_value: number } };
}

test('a proxy that is told to be a router is a gateway, any other container is a program', () => {
  const router = /^router~10\.1\.0\.1~egress-1\.istio-system~istio-system\.svc\.cluster\.local$/;
  const gateway = podOf({ args: ['proxy', 'router', '--domain', '$(POD_NAMESPACE).svc.cluster.local'] });
  assert.equal(identityOf(gateway, redirected).type, 'router');
  assert.match(identityOf(gateway, redirected).nodeId, router);
  assert.deepEqual(sandboxRequestOf(gateway), { uid: 'u', type: 'router' });
  assert.deepEqual(sandboxRequestOf(podOf({}, { hostNetwork: true })), { uid: 'u', type: 'router' });
  for (const other of [
    podOf({ name: 'proxy' }),
    podOf({ args: ['proxy', 'sidecar'] }),
    podOf({ args: [], command: ['proxy', 'router'] }),
  ]) {
    assert.equal(identityOf(other, redirected).type, 'sidecar');
    assert.deepEqual(sandboxRequestOf(other), { uid: 'u' });
    assert.notEqual(podSpecOf(other, redirected, defaults)?.command.length, 0);
  }
});

test('a gateway runs nothing but its Envoy, which has time to finish', () => {
  const spec = podSpecOf(podOf({ env: [{ name: 'A', value: 'b' }] }), redirected, defaults);
  assert.ok(spec !== undefined);
  assert.deepEqual([spec.command, spec.env, spec.ports], [[], {}, []]);
  assert.deepEqual(spec.envoyArgs, ['--drain-time-s', '10', '--drain-strategy', 'immediate']);
  assert.equal(spec.drainSeconds, 10);
  const { node } = JSON.parse(spec.bootstrap);
  assert.equal(node.metadata.LABELS['gateway-name'], 'egress');
  const seconds = (given: unknown) =>
    podSpecOf(podOf({}, { terminationGracePeriodSeconds: given }), redirected, defaults)?.drainSeconds;
  assert.deepEqual([seconds(45), seconds(0), seconds('x')], [45, 0, 10]);
  const workload = podSpecOf(podOf({ args: ['serve'] }), redirected, defaults);
  assert.deepEqual(workload?.env, { HOME: '/home/me', HOSTNAME: 'egress-1' });
  assert.equal(workload?.drainSeconds, undefined);
});

test('its Envoy binds its ports by itself only where nothing is redirected to it', () => {
  assert.deepEqual(socketsOf(podOf({}), redirected), []);
  assert.deepEqual(socketsOf(podOf({}), proxied), ['10.1.0.1:8080', '10.1.0.1:8443']);
  const workload = podOf({ args: ['serve'] });
  assert.deepEqual(socketsOf(workload, redirected), ['10.1.0.2:53', '10.1.0.2:53']);
  assert.deepEqual(socketsOf(workload, proxied), ['10.1.0.1:15001', '10.1.0.1:8080', '10.1.0.1:8443']);
});

test('its status is that of its one container', () => {
  const statusOf = (proxy: ProcessStatus): PodStatus => {
    const logs = { app: 'a', access: 'a', envoy: 'e' };
    return { ...redirected, uid: 'u', workload: 'egress', app: proxy, proxy, logs };
  };
  const startedAt = '2026-01-01T00:00:00.000Z';
  const running = kubePodStatus(statusOf({ phase: 'Running', ready: true, restarts: 0, startedAt }), podOf({}));
  assert.deepEqual(running, {
    phase: 'Running',
    podIP: '10.1.0.1',
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [{ name: 'istio-proxy', ready: true, restartCount: 0, state: { running: { startedAt } } }],
  });
  const reason = 'Envoy is not ready yet';
  const pending = kubePodStatus(statusOf({ phase: 'Pending', ready: false, restarts: 1, reason }), podOf({}));
  assert.equal(pending.phase, 'Pending');
  assert.deepEqual(
    pending.containerStatuses.map(({ state }) => state.waiting?.message),
    [reason],
  );
  assert.equal(pending.conditions[0]?.status, 'False');
});
