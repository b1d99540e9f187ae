// Headers that a VirtualService sets, adds and removes: structure of Istio's Headers, and the form of names and
// values. A line break in a value would end the header and begin another, so it is refused.
import { z } from 'zod';
import { problem } from '../finding.ts';
import type { Immutable } from '../immutable.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import { checked, stringMap } from '../schema-parts.ts';
import { headerValueMistake } from './virtual-service-header-value.ts';

const tokenForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The one that is sent on: `Host` in HTTP/1.1, `:authority` in HTTP/2. */
export function isAuthorityHeader(name: string): boolean {
  return /^(:authority|host)$/i.test(name);
}

/** The name of a header that is compared; pseudo headers are headers there. */
export function isHeaderName(name: string): boolean {
  return tokenForm.test(name.startsWith(':') ? name.slice(1) : name);
}

/** They say where a message ends: one that lies lets a request hide in the body of another. */
const framing = new Set(['content-length', 'transfer-encoding']);

/** Of a name or a value, in bytes. */
const longest = 16_384;

function* checkName(name: string, path: readonly (string | number)[], withAuthority: boolean): Iterable<Finding> {
  if (name === '') yield problem('SP0712', path, 'header name cannot be empty');
  else if (name.length > longest) yield problem('SP0712', path, `'${shorten(name)}' is longer than 16 KiB`);
  else if (withAuthority && isAuthorityHeader(name)) return;
  else if (name.startsWith(':') || isAuthorityHeader(name)) {
    const message = `invalid header "${shorten(name)}": header cannot have ":" prefix or be Host`;
    yield problem('SP0712', path, message, 'set Host of the request, or use rewrite.authority');
  } else if (!tokenForm.test(name)) {
    const hint = "use letters, digits, '-' and '_'";
    yield problem('SP0712', path, `'${shorten(name)}' is not the name of a header`, hint);
  }
}

function valuesByName(withAuthority: boolean) {
  return checked(stringMap, function* (headers): Iterable<Finding> {
    for (const [name, value] of Object.entries(headers)) {
      yield* checkName(name, [name], withAuthority);
      if (framing.has(name.toLowerCase())) {
        // Istio: accepted; here: refused.
        yield problem('SP0712', [name], `${name} cannot be set`, 'remove it, the length is told by itself');
      }
      const mistake = typeof value === 'string' ? headerValueMistake(value) : undefined;
      if (mistake !== undefined) yield problem('SP0713', [name], mistake.message, mistake.hint);
      else if (typeof value === 'string' && Buffer.byteLength(value) > longest) {
        yield problem('SP0713', [name], 'header value is longer than 16 KiB');
      }
    }
  });
}

const names = checked(z.array(z.string()), function* (list): Iterable<Finding> {
  for (const [index, name] of list.entries()) yield* checkName(name, [index], false);
});

function operations(withAuthority: boolean) {
  const values = valuesByName(withAuthority).exactOptional();
  return z.strictObject({ set: values, add: values, remove: names.exactOptional() });
}

export const headerOperations = z.strictObject({
  request: operations(true).exactOptional(),
  response: operations(false).exactOptional(),
});

export type Headers = Immutable<z.infer<typeof headerOperations>>;
export type HeaderOperations = NonNullable<Headers['request']>;
