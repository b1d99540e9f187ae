// A connection that asks for one host and inside names another: domain fronting. Known where both names are seen, which the
// intake says (signature `names-differ`): with proxy capture, of CONNECT and the SNI behind it.
import type { AlertFinding } from '../alert.ts';
import type { NewDecision } from '../decision.ts';

export function judgeNames({ signature, reason }: NewDecision): AlertFinding | undefined {
  return signature === 'names-differ' ? { kind: 'name-mismatch', severity: 'warning', reason } : undefined;
}
