// What the tests of a ServiceEntry's validation start from: a good entry of each resolution, and its ports.
import { decodeObject } from '../decode.ts';

export type Spec = Readonly<Record<string, unknown>>;

export const http = { number: 80, name: 'http', protocol: 'HTTP' };
export const tls = { number: 443, name: 'tls', protocol: 'TLS' };
export const https = { number: 443, name: 'https', protocol: 'HTTPS' };
export const tcp = { number: 5432, name: 'tcp', protocol: 'TCP' };
export const auto = { number: 9000, name: 'auto' };
export const dns: Spec = { hosts: ['a.example'], ports: [http], resolution: 'DNS' };
export const none: Spec = { hosts: ['a.example'], ports: [http], resolution: 'NONE', addresses: ['192.0.2.1'] };
export const fixed: Spec = {
  hosts: ['a.example'],
  ports: [http],
  resolution: 'STATIC',
  endpoints: [{ address: '192.0.2.1' }],
};
export const dynamic: Spec = { hosts: ['*.a.example'], ports: [tls], resolution: 'DYNAMIC_DNS' };
export const robin: Spec = { ...dns, resolution: 'DNS_ROUND_ROBIN' };

export function decode(spec: Spec, annotations: Readonly<Record<string, string>> = {}) {
  const metadata = { name: 'a', namespace: 'shop', annotations };
  return decodeObject({ apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata, spec });
}

/** `!SP0301 spec.hosts[0]: message` for an error, `?…` for a warning. */
export function findings(spec: Spec, annotations?: Readonly<Record<string, string>>): readonly string[] {
  return decode(spec, annotations).diagnostics.map(
    ({ severity, code, path, message }) => `${severity === 'error' ? '!' : '?'}${code} ${path}: ${message}`,
  );
}
