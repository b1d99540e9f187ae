// Which requests and connections a rule of a VirtualService is for. Structure of Istio's HTTPMatchRequest,
// TLSMatchAttributes and L4MatchAttributes, and what can be wrong within one field.
import { z } from 'zod';
import { isDnsLabel } from '../dns-name.ts';
import { problem } from '../finding.ts';
import type { Immutable } from '../immutable.ts';
import type { Finding } from '../kind.ts';
import { labelMap } from '../metadata.ts';
import { mapOf } from '../schema-map.ts';
import { shorten } from '../schema-messages.ts';
import { checked, portNumber, textList } from '../schema-parts.ts';
import { checkRegex } from './virtual-service-regex.ts';

const text = z.string().exactOptional();
const anyMatch = z.strictObject({ exact: text, prefix: text, regex: text });

export const stringMatch = checked(anyMatch, function* (match): Iterable<Finding> {
  yield* checkTexts(match);
  if (Object.keys(match).length === 1) return;
  yield problem('SP0701', [], 'needs exactly one of exact, prefix and regex', 'write for example {exact: /get}');
});

/** `{}` stands for a header or parameter that is there, whatever it says. */
const presenceMatch = checked(anyMatch, function* (match): Iterable<Finding> {
  yield* checkTexts(match);
  if (Object.keys(match).length <= 1) return;
  yield problem('SP0701', [], 'has more than one of exact, prefix and regex', 'keep one of them');
});

function* checkTexts({ prefix, regex }: z.infer<typeof anyMatch>): Iterable<Finding> {
  if (prefix === '') {
    // Envoy refuses an empty prefix in headers and parameters.
    yield problem('SP0701', ['prefix'], 'prefix string match should not be empty', 'write / or another text');
  }
  if (regex !== undefined) yield* checkRegex(regex, ['regex']);
}

const sourceNamespace = checked(z.string(), function* (name): Iterable<Finding> {
  if (isDnsLabel(name)) return;
  yield problem('SP0202', [], `sourceNamespace match ${shorten(name)} is invalid`, 'write the name of a namespace');
});

const source = {
  gateways: textList.exactOptional(),
  port: portNumber.exactOptional(),
  sourceLabels: labelMap.exactOptional(),
  sourceNamespace: sourceNamespace.exactOptional(),
};

export const httpMatch = z.strictObject({
  name: text,
  uri: stringMatch.exactOptional(),
  ignoreUriCase: z.boolean().exactOptional(),
  scheme: stringMatch.exactOptional(),
  method: stringMatch.exactOptional(),
  authority: stringMatch.exactOptional(),
  headers: mapOf(presenceMatch).exactOptional(),
  withoutHeaders: mapOf(presenceMatch).exactOptional(),
  queryParams: mapOf(presenceMatch).exactOptional(),
  statPrefix: text,
  ...source,
});

export const tlsMatch = z.strictObject({
  sniHosts: z.array(z.string()).min(1, 'TLS match must have at least one SNI host'),
  destinationSubnets: textList.exactOptional(),
  ...source,
});

export const tcpMatch = z.strictObject({
  destinationSubnets: textList.exactOptional(),
  sourceSubnet: text,
  ...source,
});

export type StringMatch = Immutable<z.infer<typeof anyMatch>>;
export type HttpMatchRequest = Immutable<z.infer<typeof httpMatch>>;
export type TlsMatch = Immutable<z.infer<typeof tlsMatch>>;
export type TcpMatch = Immutable<z.infer<typeof tcpMatch>>;
