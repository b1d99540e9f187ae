// networking.istio.io VirtualService: where the requests and connections for a host go, and what is done to them.
import type { Kind } from '../kind.ts';
import { type VirtualService, virtualServiceDefaults, virtualServiceSchema } from './virtual-service-schema.ts';
import { validateVirtualService } from './virtual-service-validation.ts';

export type {
  CorsPolicy,
  HttpDirectResponse,
  HttpFault,
  HttpRedirect,
  HttpRetry,
  HttpRewrite,
} from './virtual-service-actions.ts';
export type { HeaderOperations, Headers } from './virtual-service-headers.ts';
export type { HttpMatchRequest, StringMatch, TcpMatch, TlsMatch } from './virtual-service-match.ts';
export type {
  Destination,
  HttpRoute,
  HttpRouteDestination,
  RouteDestination,
  TcpRoute,
  TlsRoute,
  VirtualService,
  VirtualServiceSpec,
} from './virtual-service-schema.ts';

export const virtualServiceKind: Kind<VirtualService> = {
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  kind: 'VirtualService',
  plural: 'virtualservices',
  singular: 'virtualservice',
  shortNames: ['vs'],
  namespaced: true,
  schema: virtualServiceSchema,
  validate: validateVirtualService,
  withDefaults(service) {
    // Istio takes empty lists as the default.
    const gateways = service.spec.gateways?.length ? service.spec.gateways : virtualServiceDefaults.gateways;
    const exportTo = service.spec.exportTo?.length ? service.spec.exportTo : virtualServiceDefaults.exportTo;
    return { ...service, spec: { ...service.spec, gateways, exportTo } };
  },
  columns: [
    { title: 'GATEWAYS', value: ({ spec }) => (spec.gateways === undefined ? '' : JSON.stringify(spec.gateways)) },
    { title: 'HOSTS', value: ({ spec }) => (spec.hosts === undefined ? '' : JSON.stringify(spec.hosts)) },
  ],
};
