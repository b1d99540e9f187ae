// Rules that ask who calls a workload that takes callers without mTLS: those are nobody. What that leaves open is a warning,
// what it keeps closed is only told.
import { warning } from '../../api/finding.ts';
import type { AuthorizationPolicy } from '../../api/kinds/authorization-policy.ts';
import { rootNamespace } from '../../api/root-namespace.ts';
import { type MtlsMode, mtlsModeAt } from '../../mesh/peer-authentication.ts';
import { selectorOf } from '../../mesh/selector.ts';
import type { CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { type AskedRule, type AskedValues, askedRules, isOutbound } from './asked.ts';

const provable: ReadonlySet<string> = new Set(['source.principal', 'source.namespace', 'source.serviceAccount']);

export function* findUnprovedCallers(policy: AuthorizationPolicy, around: Surroundings): Iterable<CrossFinding> {
  const { metadata, spec } = policy;
  const { namespace = '' } = metadata;
  // What callers may speak may be said elsewhere than in these files.
  if (isOutbound(policy) || !around.complete) return;
  const rules = askedRules(policy).filter(({ who }) => who.some(({ attribute }) => provable.has(attribute)));
  if (rules.length === 0) return;
  const labels = selectorOf(spec?.selector?.matchLabels ?? {});
  // Gateways ask for certificates as their servers say.
  const namespaces = namespace === rootNamespace ? undefined : [namespace];
  if (!around.hasClient(namespaces, { labels, serviceAccounts: undefined })) return;
  const denies = spec?.action === 'DENY';
  const peers = around.peerMtls(namespace, labels);
  for (const rule of rules) {
    const ports = portsOf(rule);
    const modes =
      ports.length === 0
        ? [peers.mode ?? around.config().mtlsMode]
        : ports.map((port) => mtlsModeAt(port, peers, around.config()));
    const mode = loosest(modes);
    if (mode === 'STRICT') continue;
    for (const asked of rule.who) {
      if (provable.has(asked.attribute)) yield findingOf(asked, mode, denies);
    }
  }
}

/** Of the workload; empty: all. */
function portsOf({ what }: AskedRule): readonly number[] {
  const asked = what.map((values) =>
    values
      .filter(({ attribute, negated }) => attribute === 'destination.port' && !negated)
      .flatMap(({ values: ports }) => ports),
  );
  return asked.some((ports) => ports.length === 0) ? [] : asked.flat().map(Number);
}

function loosest(modes: readonly MtlsMode[]): MtlsMode {
  return (['DISABLE', 'PERMISSIVE'] as const).find((mode) => modes.includes(mode)) ?? 'STRICT';
}

function findingOf({ name, path, negated }: AskedValues, mode: MtlsMode, denies: boolean): CrossFinding {
  // A caller without mTLS has no name that is asked for, and none that is excepted.
  const lets = denies !== negated;
  const consequence = lets
    ? `${denies ? 'are not denied by it, whoever they are' : 'are excepted by nothing, and let in by it'}`
    : `are ${denies ? 'all denied by it' : 'never let in by it'}`;
  const whom =
    mode === 'DISABLE'
      ? 'no caller proves who it is, since mTLS is DISABLE here'
      : 'mTLS is PERMISSIVE here, and callers without it prove nothing';
  const message = `${name} asks who calls; ${whom}: they ${consequence}`;
  const hint = 'set mtls.mode: STRICT in a PeerAuthentication for these workloads';
  const finding = warning('SP1583', path, message, hint);
  return lets || mode === 'DISABLE' ? finding : { ...finding, severity: 'info' };
}
