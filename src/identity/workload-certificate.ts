// One workload's certificate with a key that was made for it and is nowhere but in its secret. Istio: a certificate is backdated
// by a minute for clocks that differ, and renewed at half its life.
import { generateKeyPairSync, type X509Certificate } from 'node:crypto';
import type { Resource } from '../discovery/view.ts';
import { typeUrls } from '../discovery/view.ts';
import { SecretSchema } from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { buildTlsCertificateSecret } from '../envoy/secret.ts';
import { typedResource } from '../xds/resource.ts';
import { workloadCertificate } from '../xds/secret-names.ts';
import { type Authority, authorityExpiry } from './authority.ts';
import { signWorkload } from './certificate.ts';
import { writeCertificates } from './pem-certificates.ts';

export interface WorkloadCertificate {
  readonly uri: string;
  readonly issuer: Authority;
  readonly certificate: X509Certificate;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly renewAt: number;
  /** With its key. */
  readonly secret: Resource;
}

const backdatedMs = 60_000;
/** Of its life, so that those which were made together are not renewed together. */
const jitter = 0.1;

export interface IssueOptions {
  readonly issuer: Authority;
  readonly uri: string;
  readonly lifeMs: number;
  readonly now: number;
  /** Of [0, 1). */
  readonly random: () => number;
}

/** Undefined where the authority itself is not valid now. */
export function issueCertificate({ issuer, uri, lifeMs, now, random }: IssueOptions): WorkloadCertificate | undefined {
  // To the second, as a certificate tells it: not a moment longer than it says.
  const notAfter = wholeSeconds(Math.min(now + lifeMs, authorityExpiry(issuer)));
  if (notAfter <= now) return undefined;
  const notBefore = wholeSeconds(now - backdatedMs);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const certificate = signWorkload(issuer, publicKey, { uri, notBefore, notAfter });
  const message = buildTlsCertificateSecret(workloadCertificate, {
    certificate: Buffer.from(writeCertificates([certificate, ...issuer.chain])),
    key: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  });
  return {
    uri,
    issuer,
    certificate,
    notBefore,
    notAfter,
    renewAt: now + (notAfter - now) * (0.5 - jitter * random()),
    secret: typedResource(typeUrls.secret, SecretSchema, workloadCertificate, message, []).resource,
  };
}

/** Also where the clock was set back to before it is valid. */
export function isDue({ renewAt, notBefore }: WorkloadCertificate, now: number): boolean {
  return now >= renewAt || now < notBefore;
}

function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}
