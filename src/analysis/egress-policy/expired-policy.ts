// A policy whose time is over: its hosts stay closed, and it lets nobody out any more. The mesh has the clock.
import { warning } from '../../api/finding.ts';
import type { EgressPolicy } from '../../api/kinds/egress-policy.ts';
import type { CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { hostsOf } from './policy-hosts.ts';

export function* findExpiredPolicy(object: EgressPolicy, around: Surroundings): Iterable<CrossFinding> {
  if (!hostsOf(object, around).some(({ policy }) => policy?.expired === true)) return;
  const closed = object.spec.mode === 'enforce' || object.spec.mode === undefined ? '; its hosts stay closed' : '';
  const message = `has expired: it lets nobody out any more${closed}`;
  yield warning('SP1574', ['spec', 'expires'], message, 'write a later time, or remove the policy');
}
