// Certificates as they stand one after the other in PEM.
import { X509Certificate } from 'node:crypto';

/** Throws what OpenSSL says of one that cannot be read; empty where there is none. */
export function readCertificates(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

export function writeCertificates(certificates: readonly X509Certificate[]): string {
  return certificates.map((certificate) => certificate.toString()).join('');
}

export function sameCertificate(one: X509Certificate, other: X509Certificate): boolean {
  return one.raw.equals(other.raw);
}

export function includesCertificate(list: readonly X509Certificate[], one: X509Certificate): boolean {
  return list.some((other) => sameCertificate(one, other));
}

/** Each once, in the order of their first appearance. */
export function distinctCertificates(list: readonly X509Certificate[]): readonly X509Certificate[] {
  return list.filter((one, index) => list.findIndex((other) => sameCertificate(one, other)) === index);
}

export function isSignedBy(one: X509Certificate, other: X509Certificate): boolean {
  return one.checkIssued(other) && one.verify(other.publicKey);
}
