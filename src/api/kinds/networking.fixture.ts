// What the tests of VirtualServices, DestinationRules and Gateways share: a spec in, its findings out as lines.
import { decodeObject } from '../decode.ts';

export type Spec = Readonly<Record<string, unknown>>;

const apiVersions: ReadonlyMap<string, string> = new Map([
  ['Telemetry', 'telemetry.istio.io/v1'],
  ['AuthorizationPolicy', 'security.istio.io/v1'],
  ['EgressPolicy', 'egress.sallyport.dev/v1alpha1'],
  ['EgressTest', 'egress.sallyport.dev/v1alpha1'],
]);

export function decodeKind(kind: string, spec: unknown, name = 'a') {
  const apiVersion = apiVersions.get(kind) ?? 'networking.istio.io/v1';
  return decodeObject({ apiVersion, kind, metadata: { name, namespace: 'shop' }, spec });
}

/** `!SP0701 spec.http[0]: message` for an error, `?…` for a warning. */
export function findingsOf(kind: string, spec: Spec, name?: string): readonly string[] {
  return decodeKind(kind, spec, name).diagnostics.map(
    ({ severity, code, path, message }) => `${severity === 'error' ? '!' : '?'}${code} ${path}: ${message}`,
  );
}
