// X.509 certificates (RFC 5280) as a mesh needs them: a root that signs itself, and workloads' own, whose only name is a
// SPIFFE identity. Istio: security/pkg/pki/util/generate_cert.go; the same key uses, the name in a critical
// subjectAltName since the subject is empty.
import { createHash, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import {
  bitString,
  contextTag,
  derNull,
  derTrue,
  element,
  elementsOf,
  integer,
  objectId,
  octetString,
  sequence,
  set,
  time,
  utf8,
} from './der.ts';

export interface Validity {
  /** Milliseconds since 1970; a certificate tells seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Who signs: a certificate and its key. */
export interface Signer {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

const oids = {
  organization: '2.5.4.10',
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Bits of keyUsage with the count of those unused. */
const signsMessages = bitString(Buffer.from([0x80]), 7);
const signsCertificates = bitString(Buffer.from([0x06]), 1);

/** A root: it has no more above it, and signs no authorities. */
export function signRoot(
  { publicKey, privateKey }: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
  subject: { readonly organization: string; readonly commonName: string },
  validity: Validity,
): X509Certificate {
  const name = sequence(
    set(sequence(objectId(oids.organization), utf8(subject.organization))),
    set(sequence(objectId(oids.commonName), utf8(subject.commonName))),
  );
  const own = keyIdentifier(publicKey);
  return signed(privateKey, publicKey, {
    issuer: name,
    subject: name,
    validity,
    extensions: [
      extension(oids.basicConstraints, sequence(derTrue, integer(Buffer.from([0]))), true),
      extension(oids.keyUsage, signsCertificates, true),
      extension(oids.subjectKeyIdentifier, octetString(own)),
    ],
  });
}

/** For both ends of a connection of this workload. */
export function signWorkload(
  signer: Signer,
  publicKey: KeyObject,
  { uri, ...validity }: Validity & { readonly uri: string },
): X509Certificate {
  const issuer = partsOf(signer.certificate);
  const uses = [oids.serverAuth, oids.clientAuth].map(objectId);
  return signed(signer.key, publicKey, {
    issuer: issuer.subject,
    subject: sequence(),
    validity,
    extensions: [
      extension(oids.keyUsage, signsMessages, true),
      extension(oids.extendedKeyUsage, sequence(...uses)),
      extension(oids.basicConstraints, sequence(), true),
      // Of two roots with one name it tells which.
      extension(oids.authorityKeyIdentifier, sequence(element(contextTag(0, false), issuer.keyIdentifier))),
      extension(oids.subjectAltName, sequence(element(contextTag(6, false), Buffer.from(uri, 'latin1'))), true),
    ],
  });
}

function extension(oid: string, value: Uint8Array, critical = false): Buffer {
  return sequence(objectId(oid), ...(critical ? [derTrue] : []), octetString(value));
}

interface Content {
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly validity: Validity;
  readonly extensions: readonly Uint8Array[];
}

function signed(key: KeyObject, publicKey: KeyObject, { issuer, subject, validity, extensions }: Content) {
  const { hash, identifier } = signatureOf(key);
  const version3 = element(contextTag(0, true), integer(Buffer.from([2])));
  const content = sequence(
    version3,
    integer(randomBytes(16)),
    identifier,
    issuer,
    sequence(time(validity.notBefore), time(validity.notAfter)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    element(contextTag(3, true), sequence(...extensions)),
  );
  return new X509Certificate(sequence(content, identifier, bitString(sign(hash, content, key))));
}

/** Keys whose signatures Envoy takes. */
export function canSign({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  if (type === 'rsa') return (details?.modulusLength ?? 0) >= 2048;
  return type === 'ec' && curveHashes.has(details?.namedCurve ?? '');
}

/** By curve: the hash that is as strong, and the object id of ecdsa-with-it. */
const curveHashes = new Map([
  ['prime256v1', { hash: 'sha256', oid: '1.2.840.10045.4.3.2' }],
  ['secp384r1', { hash: 'sha384', oid: '1.2.840.10045.4.3.3' }],
  ['secp521r1', { hash: 'sha512', oid: '1.2.840.10045.4.3.4' }],
]);

const rsaWithSha256 = '1.2.840.113549.1.1.11';

function signatureOf(key: KeyObject): { readonly hash: string; readonly identifier: Buffer } {
  const curve = curveHashes.get(key.asymmetricKeyDetails?.namedCurve ?? '');
  if (curve !== undefined) return { hash: curve.hash, identifier: sequence(objectId(curve.oid)) };
  return { hash: 'sha256', identifier: sequence(objectId(rsaWithSha256), derNull) };
}

/** What stands of an authority in what it signs. */
function partsOf({ raw }: X509Certificate): { readonly subject: Uint8Array; readonly keyIdentifier: Uint8Array } {
  const [certificate] = elementsOf(raw);
  const [content] = elementsOf(certificate?.content ?? Buffer.alloc(0));
  const fields = elementsOf(content?.content ?? Buffer.alloc(0));
  // Version 1 has no field that says so; it has no extensions either, and is no authority.
  const [, , , , , subject, publicKey] = fields;
  const extensions = elementsOf(fields.find(({ tag }) => tag === contextTag(3, true))?.content ?? Buffer.alloc(0));
  const own = extensions
    .flatMap(({ content: list }) => elementsOf(list))
    .map(({ content: one }) => elementsOf(one))
    .find(([oid]) => oid?.whole.equals(objectId(oids.subjectKeyIdentifier)) === true)
    ?.at(-1);
  const [identifier] = own === undefined ? [] : elementsOf(own.content);
  const [, bits] = elementsOf(publicKey?.content ?? Buffer.alloc(0));
  return {
    subject: subject?.whole ?? sequence(),
    keyIdentifier: identifier?.content ?? sha1(bits?.content.subarray(1) ?? Buffer.alloc(0)),
  };
}

/** RFC 5280 4.2.1.2, method 1. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const [spki] = elementsOf(publicKey.export({ type: 'spki', format: 'der' }));
  const [, bits] = elementsOf(spki?.content ?? Buffer.alloc(0));
  return sha1(bits?.content.subarray(1) ?? Buffer.alloc(0));
}

function sha1(content: Uint8Array): Buffer {
  return createHash('sha1').update(content).digest();
}
