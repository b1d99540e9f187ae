// What can be wrong among the fields of an EgressTest. Takes an object its schema has accepted.
// Invariant: a test that would hold whatever the mesh does is refused, so that nobody takes it for a proof.
import { asksRequests, type CallUrl, callUrlForms, readCallUrl } from '../call-url.ts';
import { isDnsLabel, isDnsSubdomain } from '../dns-name.ts';
import { type FieldPath, problem } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import type { EgressTest, EgressTestCall, EgressTestSpec } from './egress-test-schema.ts';

export function validateEgressTest({ spec }: EgressTest): readonly Finding[] {
  return [...checkFrom(spec.from), ...checkExpectations(spec), ...checkCalls(spec), ...checkContradictions(spec)];
}

function* checkFrom({ workload, labels, serviceAccount }: EgressTestSpec['from']): Iterable<Finding> {
  const path = ['spec', 'from'];
  if (workload === undefined && Object.keys(labels ?? {}).length === 0 && serviceAccount === undefined) {
    const hint = 'write `workload`, or the labels and the serviceAccount that it would have';
    yield problem('SP2001', path, 'nobody is named whose way out is to be tried', hint);
  }
  if (workload !== undefined && (labels !== undefined || serviceAccount !== undefined)) {
    const hint = 'write `workload` alone, or the others alone';
    yield problem('SP2001', path, 'a workload has labels and a service account of its own', hint);
  }
  for (const [field, name] of Object.entries({ workload, serviceAccount })) {
    if (name === undefined || isDnsSubdomain(name)) continue;
    yield problem('SP2001', [...path, field], `${shorten(name)} is not a name`, 'write the whole name');
  }
}

function* checkExpectations({ mayReach = [], mayNotReach = [], ...spec }: EgressTestSpec): Iterable<Finding> {
  const { nothingElse = false, nobodyElse = false } = spec;
  if (mayReach.length === 0 && mayNotReach.length === 0 && !nothingElse) {
    const hint = 'write mayReach, mayNotReach or nothingElse';
    yield problem('SP2003', ['spec'], 'nothing is expected', hint);
  } else if (nobodyElse && mayReach.length === 0) {
    const hint = 'write into mayReach what others may not reach';
    yield problem(
      'SP2003',
      ['spec', 'nobodyElse'],
      'nobodyElse speaks of what stands in mayReach, and nothing does',
      hint,
    );
  }
}

function* checkCalls({ mayReach = [], mayNotReach = [] }: EgressTestSpec): Iterable<Finding> {
  for (const [index, call] of mayReach.entries()) {
    const path = ['spec', 'mayReach', index];
    yield* checkCall(call, path);
    if (typeof call === 'object') yield* checkGateway(call.through, [...path, 'through']);
  }
  for (const [index, call] of mayNotReach.entries()) yield* checkCall(call, ['spec', 'mayNotReach', index]);
}

function* checkCall(call: EgressTestCall, path: FieldPath): Iterable<Finding> {
  const text = typeof call === 'string' ? call : call.url;
  const place = typeof call === 'string' ? path : [...path, 'url'];
  const url = readCallUrl(text);
  if ('problem' in url) {
    yield problem('SP2002', place, `${shorten(text)} is nothing that can be called: ${url.problem}`, callUrlForms);
    return;
  }
  if (url.path !== undefined && !asksRequests(url.scheme)) {
    yield problem(
      'SP2004',
      place,
      `${url.scheme} has no paths`,
      `leave ${shorten(url.path)} out, or write http:// or https://`,
    );
  }
  if (url.path?.slice(0, -1).includes('*') === true) {
    yield problem('SP2002', place, "a '*' stands at the end of a path alone", "write '/v1/*' for all below");
  }
  if (typeof call !== 'string') yield* checkRequest(call, url, path);
}

function* checkRequest(
  { method, headers }: Exclude<EgressTestCall, string>,
  { scheme }: CallUrl,
  path: FieldPath,
): Iterable<Finding> {
  for (const [field, value] of Object.entries({ method, headers })) {
    if (value === undefined || asksRequests(scheme)) continue;
    yield problem('SP2004', [...path, field], `${scheme} has no ${field}`, 'remove it, or write http:// or https://');
  }
  if (method !== undefined && !/^[A-Z][A-Z-]*$/.test(method)) {
    yield problem(
      'SP2004',
      [...path, 'method'],
      `${shorten(method)} is not a method`,
      'write it in upper case, as in GET',
    );
  }
}

function* checkGateway(gateway: string | undefined, path: FieldPath): Iterable<Finding> {
  const parts = (gateway ?? '').split('/');
  if (gateway === undefined || (parts.length <= 2 && parts.every(isDnsLabel))) return;
  const hint = 'write the name of a MeshGateway, or namespace/name';
  yield problem('SP2005', path, `${shorten(gateway)} is not a name of a gateway`, hint);
}

function* checkContradictions({ mayReach = [], mayNotReach = [] }: EgressTestSpec): Iterable<Finding> {
  const expected = new Map(mayReach.map((call, index) => [identityOf(call), index]));
  for (const [index, call] of mayNotReach.entries()) {
    const other = expected.get(identityOf(call));
    if (other === undefined) continue;
    const message = `spec.mayReach[${other}] says that it may be reached`;
    yield problem('SP2006', ['spec', 'mayNotReach', index], message, 'remove one of them');
  }
}

/** Equal for the same call. */
function identityOf(call: EgressTestCall): string {
  const { url: text, method, headers } = typeof call === 'string' ? { url: call } : call;
  return JSON.stringify([readCallUrl(text), method, headers]);
}
