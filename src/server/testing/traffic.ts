// Flows, decisions and alerts as tests need them: one good example each, with what matters to the test changed.
import type { Alert } from '../../telemetry/alert.ts';
import type { NewDecision } from '../../telemetry/decision.ts';
import type { Flow } from '../../telemetry/flow.ts';

export function flow(changes: Partial<Flow> = {}): Flow {
  return {
    source: { namespace: 'shop', workload: 'web' },
    destination: { kind: 'external', host: 'api.example.com', port: 443, serviceEntry: 'shop/api' },
    via: [],
    protocol: 'http',
    requests: 14,
    connections: 0,
    responses: { 200: 12, 502: 2 },
    flags: { UF: 2 },
    bytesSent: 1200,
    bytesReceived: 34_000,
    open: 0,
    peers: [{ address: '192.0.2.1', requests: 14, connections: 0, bytesSent: 1200, bytesReceived: 34_000 }],
    firstSeen: '2026-01-01T00:00:00.000Z',
    lastSeen: '2026-01-01T00:01:00.000Z',
    ...changes,
  };
}

export function decision(changes: Partial<NewDecision> = {}): NewDecision {
  return {
    firstAt: Date.UTC(2026, 0, 1),
    lastAt: Date.UTC(2026, 0, 1, 0, 0, 1),
    count: 3,
    source: {
      namespace: 'shop',
      workload: 'web',
      pod: 'web-1',
      identity: 'spiffe://cluster.local/ns/shop/sa/default',
    },
    verdict: 'blocked',
    destination: { kind: 'blocked', host: 'evil.example.com', port: 443 },
    address: '192.0.2.66:443',
    protocol: 'tls',
    outcome: { code: 0, flags: 'UH', grpcStatus: '' },
    signature: 'unknown-sni',
    reason: 'no ServiceEntry registers evil.example.com',
    object: 'Istio/istio-system/mesh',
    details: '',
    bytesSent: 517,
    bytesReceived: 0,
    ...changes,
  };
}

export function alert(changes: Partial<Alert> = {}): Alert {
  return {
    id: 1,
    kind: 'blocked-burst',
    severity: 'warning',
    state: 'open',
    firstAt: Date.UTC(2026, 0, 1),
    lastAt: Date.UTC(2026, 0, 1, 0, 0, 1),
    count: 5,
    source: { namespace: 'shop', workload: 'web', identity: 'spiffe://cluster.local/ns/shop/sa/default' },
    destination: { kind: 'blocked', host: 'evil.example.com', port: 443 },
    protocol: 'tls',
    reason: 'attempted exfiltration, or a host that should be registered: 5 calls',
    next: ['sallyport logs --decisions deploy/web -n shop'],
    ...changes,
  };
}
