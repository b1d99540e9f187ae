// istio.banzaicloud.io Istio: the mesh's own settings. One object counts, `mesh` in `istio-system`.
import { checkAlertSettings } from '../alert-settings.ts';
import { allowBypassAnnotation, allowedRangesAnnotation, crossNamespaceAnnotation } from '../annotations.ts';
import { problem, warning } from '../finding.ts';
import { parseIpRange } from '../ip-range.ts';
import type { Finding, Kind } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import { withIstioDefaults } from './istio-defaults.ts';
import { checkRanges } from './istio-ranges.ts';
import { type Istio, istioSchema } from './istio-schema.ts';
import { formatAddresses } from './mesh-gateway.ts';
import { checkGatewayPorts, checkReplicas } from './mesh-gateway-validation.ts';

export { istioVersion } from './istio-defaults.ts';
export type { Istio, IstioGateway, IstioSpec } from './istio-schema.ts';

export const istioKind: Kind<Istio> = {
  group: 'istio.banzaicloud.io',
  versions: ['v1beta1'],
  kind: 'Istio',
  plural: 'istios',
  singular: 'istio',
  shortNames: [],
  namespaced: true,
  schema: istioSchema,
  validate: (istio) => [
    ...checkPlace(istio),
    ...checkAllowedRanges(istio),
    ...checkRanges(istio.spec),
    ...checkAllowBypass(istio),
    ...checkCrossNamespace(istio),
    ...checkAlertSettings(istio.metadata.annotations),
    ...checkGateways(istio),
    ...checkTrustDomain(istio),
  ],
  withDefaults: withIstioDefaults,
  columns: [
    { title: 'STATUS', value: ({ status }) => status?.Status ?? '' },
    { title: 'ERROR', value: ({ status }) => status?.ErrorMessage ?? '' },
    { title: 'GATEWAYS', value: ({ status }) => formatAddresses(status?.GatewayAddress) },
  ],
};

function* checkPlace({ metadata: { name, namespace } }: Istio): Iterable<Finding> {
  if (name === 'mesh' && namespace === 'istio-system') return;
  const message = 'only the Istio object mesh in istio-system has an effect';
  yield warning('SP0401', ['metadata', 'name'], message, 'give it that name and that namespace');
}

function* checkAllowedRanges({ metadata: { annotations } }: Istio): Iterable<Finding> {
  const ranges = annotations?.[allowedRangesAnnotation]?.split(',') ?? [];
  for (const range of ranges.map((text) => text.trim())) {
    if (range === '' || parseIpRange(range) !== undefined) continue;
    const path = ['metadata', 'annotations', allowedRangesAnnotation];
    yield problem(
      'SP0402',
      path,
      `'${shorten(range)}' is not a range of addresses`,
      'write 10.0.0.0/8, separated by commas',
    );
  }
}

function* checkAllowBypass({ metadata: { annotations } }: Istio): Iterable<Finding> {
  if (annotations?.[allowBypassAnnotation] !== 'true') return;
  const message = 'whoever writes a pod lets addresses go around its proxy: not governed, not counted';
  const hint = 'leave it out where those who write pods are not trusted';
  yield warning('SP0403', ['metadata', 'annotations', allowBypassAnnotation], message, hint);
}

function* checkCrossNamespace({ metadata: { annotations } }: Istio): Iterable<Finding> {
  const value = annotations?.[crossNamespaceAnnotation];
  if (value === undefined || value === 'istio') return;
  const path = ['metadata', 'annotations', crossNamespaceAnnotation];
  yield problem('SP1550', path, `unknown value '${shorten(value)}'`, "write 'istio', or leave the annotation out");
}

/** It stands in URIs, and policies compare it as it is (SPIFFE ID 2.1). */
function* checkTrustDomain({ spec: { trustDomain = '' } }: Istio): Iterable<Finding> {
  if (/^[a-z0-9._-]{0,255}$/.test(trustDomain)) return;
  const message = `invalid trust domain ${shorten(trustDomain)}`;
  yield problem('SP0406', ['spec', 'trustDomain'], message, 'write letters a-z, digits, dots, dashes and underscores');
}

function* checkGateways(istio: Istio): Iterable<Finding> {
  const { gateways } = istio.spec;
  for (const part of ['ingress', 'egress'] as const) {
    if (gateways?.[part] === undefined) continue;
    const { ports = [], ...counts } = withIstioDefaults(istio).spec.gateways?.[part] ?? {};
    const path = ['spec', 'gateways', part];
    yield* checkGatewayPorts(ports, [...path, 'ports']);
    yield* checkReplicas(counts, path);
  }
}
