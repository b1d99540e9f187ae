// Observations and decisions for tests, with what a test does not say filled in.
import type { NewDecision } from '../../decision.ts';
import type { Batch } from '../../ledger.ts';
import type { Observation } from '../../observation.ts';
import type { Source } from '../../traffic.ts';

/** 2025-03-01T10:00:00Z: the first moment of an hour. */
export const tenOClock = Date.UTC(2025, 2, 1, 10);

export function workload(name: string, namespace = 'default'): Source {
  return { namespace, workload: name, serviceAccount: name, labels: { app: name } };
}

/** One GET of api.example.com that went well. */
export function observation(members: Partial<Observation> = {}): Observation {
  return {
    at: tenOClock,
    reporter: 'source',
    source: workload('echo'),
    destination: { kind: 'external', host: 'api.example.com', port: 443, serviceEntry: 'default/api' },
    protocol: 'http',
    outcome: { code: 200, flags: '-', grpcStatus: '' },
    via: [],
    requests: 1,
    opened: 0,
    closed: 0,
    bytesSent: 0,
    bytesReceived: 0,
    metrics: {},
    ...members,
  };
}

/** One GET of a host that nobody registered. */
export function blocked(host: string, members: Partial<Observation> = {}): Observation {
  const outcome = { code: 502, flags: '-', grpcStatus: '' };
  return observation({ destination: { kind: 'blocked', host, port: 80 }, outcome, ...members });
}

/** The decision about it. */
export function blockedDecision(host: string, members: Partial<NewDecision> = {}): NewDecision {
  return {
    firstAt: tenOClock,
    lastAt: tenOClock,
    count: 1,
    source: {
      namespace: 'default',
      workload: 'echo',
      pod: 'echo-5b4f-x',
      identity: 'spiffe://cluster.local/ns/default/sa/echo',
    },
    verdict: 'blocked',
    destination: { kind: 'blocked', host, port: 80 },
    address: '192.0.2.1:80',
    protocol: 'http',
    outcome: { code: 502, flags: '-', grpcStatus: '' },
    signature: 'unknown-host',
    reason: `Nobody registered ${host}.`,
    object: 'Istio/istio-system/mesh',
    details: 'direct_response',
    method: 'GET',
    path: '/',
    bytesSent: 0,
    bytesReceived: 0,
    ...members,
  };
}

export function batch(members: Partial<Batch> = {}): Batch {
  return { at: tenOClock, observations: [], decisions: [], positions: new Map(), dropped: new Map(), ...members };
}

/** The batch of this number in a row of them: a decision, two observations, and the number as position. */
export function numberedBatch(number: number): Batch {
  const host = `host-${number % 50}.example`;
  return batch({
    observations: [observation(), blocked(host)],
    decisions: [blockedDecision(host)],
    positions: new Map([['loop', String(number)]]),
  });
}
