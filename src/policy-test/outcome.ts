// What would become of a call, in words, and whether it would get to whom it is for. What a proxy answers by itself gets to nobody.
import type { End, Way } from '../verdict/verdict.ts';
import type { Failure } from './result.ts';

/** Undefined: it cannot be told. */
export function reaches({ kind }: End): boolean | undefined {
  switch (kind) {
    case 'service':
    case 'external':
    case 'passthrough':
      return true;
    case 'answered':
    case 'refused':
    case 'unanswered':
      return false;
    case 'untold':
      return undefined;
  }
}

type Told = Pick<Failure, 'outcome' | 'when' | 'reason' | 'object'>;

export function outcomeOf({ when, end, hops }: Way): Told {
  const by = gatewaysOf(hops);
  switch (end.kind) {
    case 'service':
    case 'external': {
      const { host, port, object, reported, tls } = end;
      const how = tls === 'originated' ? ', with TLS that the mesh originates' : '';
      const outcome = `would ${end.kind === 'service' ? 'reach' : 'leave to'} ${host}:${port}${by}${how}`;
      const report = reported === undefined ? '' : `; ${reported} would stop it, were its mode not report`;
      return { outcome, when, reason: `${object} registers ${host}${report}`, object };
    }
    case 'passthrough':
      return { outcome: `would leave unregistered${by}`, when, reason: end.reason, object: end.object };
    case 'answered':
      return {
        outcome: `would be answered with ${end.code} by a proxy`,
        when,
        reason: `${end.object} answers it`,
        object: end.object,
      };
    case 'refused':
      return { outcome: `would be refused ${seenAs(end.how)}`, when, reason: end.reason, object: end.object };
    case 'unanswered':
      return { outcome: `would have no answer ${seenAs(end.how)}`, when, reason: end.reason, object: end.object };
    case 'untold':
      return { outcome: 'cannot be told', when, reason: end.reason, object: 'default' };
  }
}

function seenAs(how: number | 'closed'): string {
  return how === 'closed' ? '(its connection is closed)' : `with ${how}`;
}

export function gatewaysOf(hops: Way['hops']): string {
  const gateways = hops.filter(({ kind }) => kind === 'gateway').map((hop) => `${hop.namespace}/${hop.workload}`);
  return gateways.length === 0 ? '' : ` through ${gateways.join(' and ')}`;
}
