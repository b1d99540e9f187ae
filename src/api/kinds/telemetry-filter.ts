// The filter of an access log: an expression in CEL on Envoy's attributes
// (https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes).
import { readCel } from '../cel-syntax.ts';
import { closestWord } from '../closest-word.ts';
import { type FieldPath, problem, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';

/** In characters. */
export const longestExpression = 1024;

const certificates = (ends: readonly string[]) =>
  ends.flatMap((end) => ['subject', 'dns_san', 'uri_san'].map((what) => `${what}_${end}_certificate`));

/** Fields by attribute; undefined: any. */
const attributes: ReadonlyMap<string, readonly string[] | undefined> = new Map([
  [
    'request',
    'path url_path host scheme method headers referer useragent time id protocol query duration size total_size'.split(
      ' ',
    ),
  ],
  ['response', 'code code_details flags grpc_status headers trailers size total_size backend_latency'.split(' ')],
  ['source', ['address', 'port']],
  ['destination', ['address', 'port']],
  [
    'connection',
    [
      ...'id mtls requested_server_name tls_version termination_details transport_failure_reason'.split(' '),
      ...certificates(['local', 'peer']),
      'sha256_peer_certificate_digest',
    ],
  ],
  [
    'upstream',
    [
      ...'address port tls_version local_address transport_failure_reason request_attempt_count'.split(' '),
      ...certificates(['local', 'peer']),
      ...['sha256_peer_certificate_digest', 'cx_pool_ready_duration', 'locality'],
    ],
  ],
  ['xds', undefined],
  ['metadata', undefined],
  ['filter_state', undefined],
  ['upstream_filter_state', undefined],
]);

export function* checkFilter(expression: string, path: FieldPath): Iterable<Finding> {
  if (expression.length > longestExpression || !expression.isWellFormed()) {
    const message = `a filter has at most ${longestExpression} characters`;
    yield problem('SP1401', path, message, 'shorten it');
    return;
  }
  const { mistake, attributes: asked } = readCel(expression);
  if (mistake !== undefined) {
    const hint = 'write a condition in CEL, such as response.code >= 400';
    yield problem('SP1401', path, `invalid filter expression: ${shorten(mistake)}`, hint);
    return;
  }
  for (const attribute of asked) {
    const [root = '', field] = attribute.split('.');
    if (!attributes.has(root)) {
      const message = `unknown attribute ${shorten(root)}`;
      yield problem('SP1401', path, message, suggestion(root, [...attributes.keys()]));
      continue;
    }
    const fields = attributes.get(root);
    if (field === undefined || fields === undefined || fields.includes(field)) continue;
    const message = `${root} has no ${shorten(field)}: a line whose filter asks for it is never written`;
    yield warning('SP1402', path, message, suggestion(field, fields));
  }
}

function suggestion(word: string, known: readonly string[]): string {
  const closest = closestWord(word, known);
  return closest === undefined ? `use one of ${known.join(', ')}` : `did you mean ${closest}?`;
}
