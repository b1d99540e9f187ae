// Which of the known ways an event was stopped or let out in (security-facts 1.D): by Envoy's response code details where
// there are some, else by flags, route and cluster. Undefined: registered traffic that nothing of ours refused.

import {
  allowAnyRoute,
  blackHoleCluster,
  blockAllRoute,
  blockConnectRoute,
  oddAuthorityRoute,
  passthroughCluster,
} from '../../../xds/names.ts';
import type { Signature } from '../../decision.ts';
import { hasFlag, isMisdirected, isOfGateway, isRuled, isServiceCluster } from '../teller.ts';
import type { EventRecord } from './event-record.ts';

export function signatureOf(record: EventRecord): Signature | undefined {
  // Where nothing is let through there is nothing that the gateway's rule leads to.
  if (record.refusedBy !== '') return 'policy-denied';
  if (isMisdirected(record.key)) return 'no-destination';
  return record.family === 'http' ? signatureOfRequest(record) : signatureOfConnection(record);
}

const byDetails: ReadonlyMap<string, Signature> = new Map([
  ['upgrade_failed', 'upgrade-refused'],
  ['low_version', 'low-version'],
  ['missing_host_header', 'missing-host'],
  ['request_headers_too_large', 'headers-too-large'],
  ['http1.https_url_on_plaintext_connection', 'https-on-plaintext'],
  ['path_normalization_failed', 'malformed-request'],
]);

/** Details of the codecs, and of the checks on what they read. */
const malformed = /^(http[123]?\.|absolute_path_rejected$|invalid_path$)/;
const tooLarge = /(headers_too_large|too_many_headers)$/;
const addressRefused = 'rbac_access_denied';

function signatureOfRequest({ method, details, upstream, key }: EventRecord): Signature | undefined {
  const { cluster, route, code, flags } = key;
  const refused = hasFlag(flags, 'DPE');
  // Addresses are judged when there is one, and who may ask before that; a CONNECT has its cluster by then.
  if (details.startsWith(addressRefused)) {
    const unallowed = details.endsWith('[none]') && upstream === '';
    return cluster === '' || unallowed ? 'policy-denied' : 'address-refused';
  }
  if (tooLarge.test(details) || (refused && code === 431)) return 'headers-too-large';
  const known = byDetails.get(details);
  if (known !== undefined) return known;
  // A stream that its caller gave up has details of the codec too, and no answer.
  if (refused || (code >= 400 && malformed.test(details))) return 'malformed-request';
  const connect = method === 'CONNECT' || route === blockConnectRoute;
  if (isOfGateway(key.reporter) && hasFlag(flags, 'NR')) return 'not-served';
  if (hasFlag(flags, 'NR') || details === 'route_not_found') return connect ? 'connect-refused' : 'unknown-host';
  if (cluster === passthroughCluster || route === allowAnyRoute) return 'passed-unregistered';
  if (route === oddAuthorityRoute) return 'malformed-request';
  if (route === blockAllRoute || route === blockConnectRoute) return connect ? 'connect-refused' : 'unknown-host';
  if (hasFlag(flags, 'NC') || cluster === blackHoleCluster) return 'unknown-host';
  return cluster === '' && !isRuled(key) ? 'refused' : undefined;
}

function signatureOfConnection({ sni, details, key }: EventRecord): Signature | undefined {
  const { reporter, cluster, route, flags } = key;
  if (isOfGateway(reporter) && hasFlag(flags, 'NR')) return 'not-served';
  if (details.startsWith(addressRefused)) return 'address-refused';
  if (cluster === passthroughCluster || route === allowAnyRoute) return 'passed-unregistered';
  if (isServiceCluster(cluster)) return undefined;
  if (cluster !== blackHoleCluster && !hasFlag(flags, 'NC')) return undefined;
  return sni === '' ? 'unknown-address' : 'unknown-sni';
}
