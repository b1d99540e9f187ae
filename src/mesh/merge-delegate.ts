// The rules of a delegate in the place of the rule that hands on to it (istio-semantics 3.3; Istio: model/virtualservice.go).
// Pure. What both ask of a request must hold together; what both say of it, the delegate says. A delegate has no hosts of its
// own: it acts for those of the root and no others, so one of another namespace gets no more than it was given.
import type { DelegateProblem, HttpMatch, HttpRule, StringMatch, VirtualService } from './virtual-service.ts';
import { isVisible } from './visibility.ts';

/** Each match of one is looked at with each of the other. */
const mostMatches = 10_000;

/** The very same object where no rule hands on. `find`: by `namespace/name`. */
export function resolveDelegates(
  root: VirtualService,
  find: (key: string) => VirtualService | undefined,
): VirtualService {
  if (root.http.every(({ action }) => action.kind !== 'delegate')) return root;
  const merged = new Set<VirtualService>();
  const http = root.http.flatMap((rule): readonly HttpRule[] => {
    if (rule.action.kind !== 'delegate') return [rule];
    const found = find(rule.action.to);
    const problem = found === undefined ? 'missing' : problemWith(found, root);
    if (found === undefined || problem !== undefined) return [unresolved(rule, problem ?? 'missing')];
    merged.add(found);
    return found.http.map((own) => mergeRule(rule, own));
  });
  return { ...root, http, delegates: [...merged] };
}

function problemWith(delegate: VirtualService, root: VirtualService): DelegateProblem | undefined {
  if (delegate.hosts.length > 0) return 'has-hosts';
  return isVisible(delegate.visibility, root.namespace) ? undefined : 'not-exported';
}

/** It stays where it stood, to be told of, and takes no request. */
function unresolved(rule: HttpRule, problem: DelegateProblem, delegateRule?: string): HttpRule {
  if (rule.action.kind !== 'delegate') return rule;
  return { ...rule, action: { ...rule.action, problem, delegateRule } };
}

function mergeRule(root: HttpRule, own: HttpRule): HttpRule {
  if (own.action.kind === 'delegate') return unresolved(root, 'delegates', own.name);
  const matches = mergeMatches(root.matches, own.matches);
  if (matches === undefined) return unresolved(root, 'conflict', own.name);
  return {
    name: joined(root.name, own.name),
    matches,
    action: own.action,
    rewrite: own.rewrite ?? root.rewrite,
    headers: saysNothing(own.headers) ? root.headers : own.headers,
    timeoutMs: own.timeoutMs ?? root.timeoutMs,
    retries: own.retries ?? root.retries,
    fault: own.fault ?? root.fault,
    mirrors: own.mirrors.length > 0 ? own.mirrors : root.mirrors,
    cors: own.cors ?? root.cors,
    keepsAuthority: own.keepsAuthority || root.keepsAuthority,
  };
}

function joined(root: string, own: string): string {
  return [root, own].filter((name) => name !== '').join('-');
}

function saysNothing({ request, response }: HttpRule['headers']): boolean {
  return [request, response].every(
    ({ set, add, remove, authority }) => set.length + add.length + remove.length === 0 && authority === undefined,
  );
}

/** Undefined where some match of the delegate fits none of the root, or where there are too many. */
function mergeMatches(root: readonly HttpMatch[], own: readonly HttpMatch[]): readonly HttpMatch[] | undefined {
  if (root.length === 0) return own;
  if (own.length === 0) return root;
  if (root.length * own.length > mostMatches) return undefined;
  const merged = own.map((inner) =>
    root.filter((outer) => fits(outer, inner)).map((outer) => mergeMatch(outer, inner)),
  );
  return merged.some(({ length }) => length === 0) ? undefined : merged.flat();
}

function mergeMatch(root: HttpMatch, own: HttpMatch): HttpMatch {
  return {
    name: joined(root.name, own.name),
    uri: own.uri ?? root.uri,
    ignoreUriCase: own.ignoreUriCase,
    scheme: own.scheme ?? root.scheme,
    method: own.method ?? root.method,
    authority: own.authority ?? root.authority,
    headers: narrower(root.headers, own.headers),
    // Istio: the delegate's in place of the root's, which may let through what the root leaves out; here: both.
    withoutHeaders: [
      ...new Map([...root.withoutHeaders, ...own.withoutHeaders].map((one) => [JSON.stringify(one), one])).values(),
    ],
    queryParams: narrower(root.queryParams, own.queryParams),
    port: own.port ?? root.port,
    gateways: own.gateways ?? root.gateways,
    sourceNamespace: own.sourceNamespace ?? root.sourceNamespace,
    sourceLabels:
      root.sourceLabels === undefined ? own.sourceLabels : new Map([...root.sourceLabels, ...(own.sourceLabels ?? [])]),
  };
}

type Named = readonly (readonly [string, StringMatch])[];

/** One condition for each name. A delegate's that asks only that it is there is wider than any that the root has. */
function narrower(root: Named, own: Named): Named {
  const conditions = new Map(root);
  for (const [name, text] of own) if (text.kind !== 'present' || !conditions.has(name)) conditions.set(name, text);
  return [...conditions];
}

/** Whether all that `own` takes could be what `root` takes. */
function fits(root: HttpMatch, own: HttpMatch): boolean {
  const texts = [
    [root.uri, own.uri],
    [root.scheme, own.scheme],
    [root.method, own.method],
    [root.authority, own.authority],
  ] as const;
  return (
    texts.every(([outer, inner]) => textFits(outer, inner)) &&
    (['headers', 'withoutHeaders', 'queryParams'] as const).every((field) => {
      const outer = new Map(root[field]);
      return own[field].every(([name, inner]) => textFits(outer.get(name), inner));
    }) &&
    root.ignoreUriCase === own.ignoreUriCase &&
    same(root.port, own.port) &&
    same(root.sourceNamespace, own.sourceNamespace) &&
    [...(own.sourceLabels ?? [])].every(([key, value]) => same(root.sourceLabels?.get(key), value)) &&
    (own.gateways ?? []).every((gateway) => root.gateways?.includes(gateway) ?? true)
  );
}

function same<T>(root: T | undefined, own: T | undefined): boolean {
  return root === undefined || own === undefined || root === own;
}

/** Istio: an expression goes with nothing else; a prefix with what begins with it. */
function textFits(root: StringMatch | undefined, own: StringMatch | undefined): boolean {
  if (root === undefined || own === undefined || root.kind === 'present' || own.kind === 'present') return true;
  if (root.kind === 'regex' || own.kind === 'regex') return false;
  if (root.kind === 'exact') return own.kind === 'exact' && own.value === root.value;
  return own.value.startsWith(root.value);
}
