// `--resolve HOST[:PORT]=IP[:PORT]`: a name of the test's or the user's own, for workloads and proxies alike.
import { isIP } from 'node:net';
import { normalizeHost } from '../../api/host-name.ts';
import { SallyportError } from '../../platform/errors.ts';
import type { ResolveRule } from '../protocol.ts';

/** IPv6 addresses stand in brackets where a port follows. Throws SallyportError (exit code 2). */
export function parseResolveRule(text: string): ResolveRule {
  const equals = text.indexOf('=');
  const left = /^([^:=]+?)(?::(\d{1,5}))?$/.exec(text.slice(0, Math.max(equals, 0)));
  const right = /^(?:\[([^\]]+)\](?::(\d{1,5}))?|([^[\]:]+)(?::(\d{1,5}))?|([0-9a-fA-F:.]+))$/.exec(
    text.slice(equals + 1),
  );
  const host = normalizeHost(left?.[1] ?? '');
  const address = right?.[1] ?? right?.[3] ?? right?.[5] ?? '';
  if (
    equals < 0 ||
    left === null ||
    right === null ||
    host === undefined ||
    host.startsWith('*') ||
    isIP(address) === 0
  ) {
    throw invalid(
      text,
      'write HOST[:PORT]=IP[:PORT], for instance httpbin.org=192.0.2.10 or httpbin.org:80=[fd00::1]:8080',
    );
  }
  const port = portOf(left[2], text);
  const targetPort = portOf(right[2] ?? right[4], text);
  return {
    host,
    address,
    ...(port === undefined ? {} : { port }),
    ...(targetPort === undefined ? {} : { targetPort }),
  };
}

function portOf(digits: string | undefined, text: string): number | undefined {
  if (digits === undefined) return undefined;
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw invalid(text, 'ports are 1 to 65535');
  return port;
}

function invalid(text: string, hint: string): SallyportError {
  return new SallyportError('SP_USAGE', `invalid rule for --resolve: ${text}`, { hint, exitCode: 2 });
}
