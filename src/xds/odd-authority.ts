// Hosts and ports that no name of the mesh's stands for although they lead to the same server as one: `a.test:080`, `a.test:+80`,
// `a.test..`. They have no virtual host, so that where everything may be reached they would pass what is said of `a.test`.
// Envoy has taken one dot off the end before it looks.
import { buildConnectStatusRoute, exceptAuthority } from '../envoy/connect-route.ts';
import type { Route } from '../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { buildStatusRoute } from '../envoy/route.ts';
import { oddAuthorityRoute } from './names.ts';
import { unregisteredRoute } from './route-marks.ts';

const host = '(?:\\[[^\\]]*\\]|[^:]*[^:.])';
/** 1 to 65535. */
const port = '(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';

/** Of the whole text. */
export const plainAuthority = `${host}(?::${port})?`;

/** In front of routes to anywhere. */
export const refusesOddAuthority: Route = exceptAuthority(
  buildStatusRoute(oddAuthorityRoute, 400, unregisteredRoute),
  plainAuthority,
);

/** The same for CONNECT. */
export const refusesOddConnect: Route = exceptAuthority(
  buildConnectStatusRoute(oddAuthorityRoute, 400),
  plainAuthority,
);
