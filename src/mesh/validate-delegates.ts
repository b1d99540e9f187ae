// Rules of VirtualServices that hand on to others and cannot: what no look at one of the objects alone can tell. Such a rule
// takes no request; the other rules hold.
import { type FieldPath, problem, warning } from '../api/finding.ts';
import type { Finding } from '../api/kind.ts';
import type { DelegateProblem, Delegation, VirtualService } from './virtual-service.ts';

export function validateDelegates({ namespace, http }: VirtualService): readonly Finding[] {
  return http.flatMap(({ action }) =>
    action.kind === 'delegate' && action.problem !== undefined ? [findingOf(action, action.problem, namespace)] : [],
  );
}

function findingOf({ to, rule, delegateRule = '' }: Delegation, found: DelegateProblem, namespace: string): Finding {
  const path: FieldPath = ['spec', 'http', rule, 'delegate'];
  const delegate = `VirtualService ${to}`;
  const place = `rule ${delegateRule} of ${delegate}`;
  switch (found) {
    case 'missing':
      return problem('SP0732', path, `there is no ${delegate}`, 'create it, without spec.hosts');
    case 'has-hosts':
      return problem('SP0732', path, `${delegate} has hosts of its own`, 'remove spec.hosts there, or name another');
    case 'not-exported':
      return problem('SP0733', path, `${delegate} is not exported to ${namespace}`, 'add it to exportTo there');
    case 'delegates':
      return warning('SP0734', path, `${place} delegates once more and is left out`, 'name its delegate here');
    case 'conflict':
      return warning(
        'SP0735',
        path,
        `${place} is left out: what it matches is not within what rule ${rule} matches`,
        'let it match no more than the rule here does, or nothing at all',
      );
  }
}
