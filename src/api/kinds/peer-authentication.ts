// security.istio.io PeerAuthentication: whether workloads take mTLS, plaintext, or both. Follows ValidatePeerAuthentication
// of Istio's pkg/config/validation and the rules of its CRD.
import { z } from 'zod';
import { problem, warning } from '../finding.ts';
import type { Immutable } from '../immutable.ts';
import type { Finding, Kind } from '../kind.ts';
import { labelMap, metadataSchema } from '../metadata.ts';
import { mapOf } from '../schema-map.ts';
import { shorten } from '../schema-messages.ts';

const mutualTls = z.strictObject({
  mode: z.enum(['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT']).exactOptional(),
});

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z
    .strictObject({
      selector: z.strictObject({ matchLabels: labelMap.exactOptional() }).exactOptional(),
      mtls: mutualTls.exactOptional(),
      /** By the number of the workload's own port. */
      portLevelMtls: mapOf(mutualTls).exactOptional(),
    })
    .exactOptional(),
  status: z.unknown().exactOptional(),
});

export type PeerAuthentication = Immutable<z.infer<typeof schema>>;
export type PeerMtlsMode = NonNullable<Immutable<z.infer<typeof mutualTls>>['mode']>;

export const peerAuthenticationKind: Kind<PeerAuthentication> = {
  group: 'security.istio.io',
  versions: ['v1', 'v1beta1'],
  kind: 'PeerAuthentication',
  plural: 'peerauthentications',
  singular: 'peerauthentication',
  shortNames: ['pa'],
  namespaced: true,
  schema,
  validate,
  withDefaults: (object) => object,
  columns: [{ title: 'MODE', value: ({ spec }) => spec?.mtls?.mode ?? '' }],
};

function validate({ spec = {} }: PeerAuthentication): readonly Finding[] {
  return [...checkSelector(spec), ...checkPorts(spec)];
}

type Spec = NonNullable<PeerAuthentication['spec']>;

function isForAll({ selector }: Spec): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0;
}

function* checkSelector(spec: Spec): Iterable<Finding> {
  if (spec.selector === undefined || !isForAll(spec)) return;
  const message = 'a selector without labels is none: this holds for the whole namespace';
  yield warning('SP1701', ['spec', 'selector'], message, 'add matchLabels, or remove the selector');
}

function* checkPorts(spec: Spec): Iterable<Finding> {
  const { portLevelMtls } = spec;
  if (portLevelMtls === undefined) return;
  const path = ['spec', 'portLevelMtls'];
  const ports = Object.keys(portLevelMtls);
  if (isForAll(spec)) {
    const hint = 'add selector.matchLabels, or write mtls alone';
    yield problem('SP1702', path, 'portLevelMtls requires selector', hint);
  }
  if (ports.length === 0) yield problem('SP1703', path, 'portLevelMtls has no port', 'add one, or remove it');
  for (const port of ports) {
    if (/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65535) continue;
    const message = `'${shorten(port)}' is no port: port must be between 1-65535`;
    yield problem('SP1703', [...path, port], message, 'write the number that the workload itself listens on');
  }
}
