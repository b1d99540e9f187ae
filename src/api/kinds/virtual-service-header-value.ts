// The value of a header as Envoy reads it: text, `%%` for a percent sign, and variables such as `%HOSTNAME%`. A
// value that Envoy cannot read would cost a proxy the whole resource, so each variable is looked at.
import { shorten } from '../schema-messages.ts';

export interface HeaderValueMistake {
  readonly message: string;
  readonly hint: string;
}

export const plainVariables = new Set(
  (
    'BYTES_RECEIVED BYTES_SENT CONNECTION_ID DOWNSTREAM_DIRECT_REMOTE_ADDRESS ' +
    'DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT DOWNSTREAM_LOCAL_ADDRESS DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT ' +
    'DOWNSTREAM_LOCAL_PORT DOWNSTREAM_LOCAL_SUBJECT DOWNSTREAM_LOCAL_URI_SAN DOWNSTREAM_PEER_CERT ' +
    'DOWNSTREAM_PEER_CERT_V_END DOWNSTREAM_PEER_CERT_V_START DOWNSTREAM_PEER_DNS_SAN DOWNSTREAM_PEER_FINGERPRINT_1 ' +
    'DOWNSTREAM_PEER_FINGERPRINT_256 DOWNSTREAM_PEER_ISSUER DOWNSTREAM_PEER_SERIAL DOWNSTREAM_PEER_SUBJECT ' +
    'DOWNSTREAM_PEER_URI_SAN DOWNSTREAM_REMOTE_ADDRESS DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT ' +
    'DOWNSTREAM_REMOTE_PORT DOWNSTREAM_TLS_CIPHER DOWNSTREAM_TLS_SESSION_ID DOWNSTREAM_TLS_VERSION DURATION ' +
    'HOSTNAME PROTOCOL REQUESTED_SERVER_NAME RESPONSE_CODE RESPONSE_CODE_DETAILS RESPONSE_FLAGS ' +
    'RESPONSE_FLAGS_LONG ROUTE_NAME START_TIME TRACE_ID UPSTREAM_CLUSTER UPSTREAM_HOST UPSTREAM_LOCAL_ADDRESS ' +
    'UPSTREAM_REMOTE_ADDRESS UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT UPSTREAM_REMOTE_PORT VIRTUAL_CLUSTER_NAME'
  ).split(' '),
);

const variable =
  /%(?:%|([A-Z][A-Z0-9_]*)%|(?:REQ|RESP|TRAILER)\(:?[\w-]+(?:\?:?[\w-]+)?\)(?::\d{1,5})?%|START_TIME\([^()%\r\n]*(?:%[a-zA-Z0-9][^()%\r\n]*)*\)%)/y;

/** Undefined for a good one. */
export function headerValueMistake(value: string): HeaderValueMistake | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
    return { message: 'header value has a line break or another control character', hint: 'remove it' };
  }
  for (let at = value.indexOf('%'); at >= 0; at = value.indexOf('%', at)) {
    variable.lastIndex = at;
    const found = variable.exec(value);
    if (found === null) {
      if (value.split('%').length % 2 === 0) {
        const message = 'single % not allowed.  Escape by doubling to %% or encase Envoy variable name in pair of %';
        return { message, hint: 'write %%' };
      }
      return unknownVariable(value.slice(at, value.indexOf('%', at + 1) + 1 || value.length));
    }
    // Istio: any of Envoy's; here: none that Envoy would refuse, and none that tells of the proxy's own process.
    if (found[1] !== undefined && !plainVariables.has(found[1])) return unknownVariable(found[0]);
    at += found[0].length;
  }
  return undefined;
}

function unknownVariable(text: string): HeaderValueMistake {
  const hint = 'write %% for a percent sign, or one of the variables %HOSTNAME%, %REQ(name)%, %START_TIME%, …';
  return { message: `header value has the unknown variable ${shorten(text)}`, hint };
}
