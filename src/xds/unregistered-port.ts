// The one port on which a VirtualService speaks of a host that nobody registered (istio-semantics 1.4).
import type { ServicePort } from '../mesh/service.ts';

export const unregisteredPort: ServicePort = { number: 80, name: 'http', protocol: 'HTTP' };
