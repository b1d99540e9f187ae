// What an EgressPolicy that governs the host would have to say: who asks, the request, the port; as little of it as will do.

import { egressPolicyKind } from '../../api/kinds/egress-policy.ts';
import type { EgressPolicySource, EgressPolicySpec } from '../../api/kinds/egress-policy-schema.ts';
import { parseObject } from '../../api/parse-object.ts';
import { rootNamespace } from '../../api/root-namespace.ts';
import type { ProxyIdentity } from '../../discovery/view.ts';
import { type Candidate, nameOf, type Stopped, withSpec } from './candidate.ts';

export function* policyCandidates({ caller, attempt, end, object }: Stopped): Iterable<Candidate> {
  const stored = end.object.startsWith('EgressPolicy/') ? object(end.object) : undefined;
  const policy = stored && parseObject(egressPolicyKind.schema, stored);
  if (stored === undefined || policy === undefined) return;
  const { spec, metadata } = policy;
  const { method, path } = attempt;
  const additions: { readonly what: string; readonly apply: (spec: EgressPolicySpec) => EgressPolicySpec }[] = [];
  const source = sourceFor(caller, metadata.namespace === rootNamespace);
  if (spec.from !== undefined) {
    const what = `${sourceText(source)} to from`;
    additions.push({ what, apply: (one) => ({ ...one, from: [...(one.from ?? []), source] }) });
  }
  if (spec.methods !== undefined && method !== undefined && !spec.methods.includes(method)) {
    additions.push({
      what: `${method} to methods`,
      apply: (one) => ({ ...one, methods: [...(one.methods ?? []), method] }),
    });
  }
  const own = path?.replace(/[?#].*$/s, '');
  if (spec.paths !== undefined && own !== undefined && !spec.paths.includes(own)) {
    additions.push({ what: `${own} to paths`, apply: (one) => ({ ...one, paths: [...(one.paths ?? []), own] }) });
  }
  if (spec.ports !== undefined && !spec.ports.some(({ number }) => number === attempt.port)) {
    const protocol = { http: 'HTTP', grpc: 'GRPC', tls: 'TLS', tcp: 'TCP' }[attempt.protocol];
    const port = { number: attempt.port, protocol };
    additions.push({
      what: `port ${attempt.port} to ports`,
      apply: (one) => ({ ...one, ports: [...(one.ports ?? []), port] }),
    });
  }
  for (const some of subsets(additions)) {
    const summary = `add ${some.map(({ what }) => what).join(', ')} of ${nameOf(stored)}`;
    yield {
      summary,
      object: withSpec(
        stored,
        some.reduce((changed, { apply }) => apply(changed), spec),
      ),
    };
  }
}

/** Small ones first. */
function subsets<T>(all: readonly T[]): readonly (readonly T[])[] {
  const found: (readonly T[])[] = [[]];
  for (const one of all) found.push(...found.map((set) => [...set, one]));
  return found.filter(({ length }) => length > 0).sort((a, b) => a.length - b.length);
}

/** As narrow as can be said of who asks. */
function sourceFor({ serviceAccount, labels, namespace }: ProxyIdentity, meshWide: boolean): EgressPolicySource {
  const within = meshWide ? { namespaces: [namespace] } : {};
  if (serviceAccount !== 'default') return { serviceAccounts: [serviceAccount], ...within };
  const key = ['app', 'app.kubernetes.io/name'].find((label) => Object.hasOwn(labels, label));
  if (key === undefined) return { namespaces: [namespace] };
  return { selector: { matchLabels: { [key]: labels[key] ?? '' } }, ...within };
}

function sourceText({ selector, serviceAccounts, namespaces }: EgressPolicySource): string {
  if (serviceAccounts !== undefined) return `the service account ${serviceAccounts.join()}`;
  const [label] = Object.entries(selector?.matchLabels ?? {});
  return label === undefined ? `the namespace ${namespaces?.join()}` : `workloads with ${label.join('=')}`;
}
