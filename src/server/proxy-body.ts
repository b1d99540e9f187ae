// A connected proxy as JSON: discovery keys its types by type URL, people know them by the names of xDS.
import type { ProxyStatus, TypeStatus } from '../discovery/proxy-state.ts';
import { typeUrls } from '../discovery/view.ts';
import type { ProxyBody } from './wire.ts';

const nothingSent: TypeStatus = { state: 'NOT_SENT', resources: 0 };

export function proxyBody(status: ProxyStatus): ProxyBody {
  const { proxy, connectedAt, version, types } = status;
  return {
    ...proxy,
    connectedAt,
    version,
    types: {
      CDS: types.get(typeUrls.cluster) ?? nothingSent,
      LDS: types.get(typeUrls.listener) ?? nothingSent,
      EDS: types.get(typeUrls.endpoint) ?? nothingSent,
      RDS: types.get(typeUrls.route) ?? nothingSent,
      VHDS: types.get(typeUrls.virtualHost) ?? nothingSent,
      SDS: types.get(typeUrls.secret) ?? nothingSent,
    },
  };
}
