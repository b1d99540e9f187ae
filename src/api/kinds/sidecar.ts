// networking.istio.io Sidecar: what the sidecars of a namespace, or chosen ones, know of the mesh, and what becomes of
// traffic that nobody registered.
import type { Kind } from '../kind.ts';
import { type Sidecar, sidecarSchema } from './sidecar-schema.ts';
import { validateSidecar } from './sidecar-validation.ts';

export type { EgressListener, Sidecar, SidecarSpec } from './sidecar-schema.ts';

export const sidecarKind: Kind<Sidecar> = {
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  kind: 'Sidecar',
  plural: 'sidecars',
  singular: 'sidecar',
  shortNames: [],
  namespaced: true,
  schema: sidecarSchema,
  validate: validateSidecar,
  withDefaults: (sidecar) => sidecar,
  columns: [],
};
