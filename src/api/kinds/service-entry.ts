// networking.istio.io ServiceEntry: a host outside the mesh that workloads may reach. The heart of the registry.
import { expiresAnnotation } from '../annotations.ts';
import type { Kind } from '../kind.ts';
import { type ServiceEntry, serviceEntryDefaults, serviceEntrySchema } from './service-entry-schema.ts';
import { validateServiceEntry } from './service-entry-validation.ts';

export type {
  Resolution,
  ServiceEntry,
  ServiceEntryEndpoint,
  ServiceEntryPort,
  ServiceEntrySpec,
} from './service-entry-schema.ts';

export const serviceEntryKind: Kind<ServiceEntry> = {
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  kind: 'ServiceEntry',
  plural: 'serviceentries',
  singular: 'serviceentry',
  shortNames: ['se'],
  namespaced: true,
  schema: serviceEntrySchema,
  validate: validateServiceEntry,
  withDefaults(entry) {
    // Istio takes an empty exportTo as the default.
    const exportTo = entry.spec.exportTo?.length ? entry.spec.exportTo : serviceEntryDefaults.exportTo;
    return { ...entry, spec: { ...serviceEntryDefaults, ...entry.spec, exportTo } };
  },
  columns: [
    { title: 'HOSTS', value: ({ spec }) => JSON.stringify(spec.hosts) },
    { title: 'LOCATION', value: ({ spec }) => spec.location ?? '' },
    { title: 'RESOLUTION', value: ({ spec }) => spec.resolution ?? '' },
    { title: 'EXPIRES', value: ({ metadata }) => metadata.annotations?.[expiresAnnotation] ?? '', wide: true },
  ],
};
