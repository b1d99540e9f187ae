// Certificates, keys and trusted roots as SDS resources, each inline. Envoy: transport_sockets.tls.v3.Secret.
// Certificate and key are one resource: Envoy never sees one without the other.
import { create } from '@bufbuild/protobuf';
import { type Secret, SecretSchema } from './gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';

/** PEM. */
export interface TlsCertificateContent {
  /** The certificate, and those between it and the root. */
  readonly certificate: Uint8Array;
  readonly key: Uint8Array;
}

/** PEM. */
export interface ValidationContent {
  readonly roots: Uint8Array;
  readonly crl?: Uint8Array | undefined;
}

export function buildTlsCertificateSecret(name: string, { certificate, key }: TlsCertificateContent): Secret {
  return create(SecretSchema, {
    name,
    type: { case: 'tlsCertificate', value: { certificateChain: inline(certificate), privateKey: inline(key) } },
  });
}

export function buildValidationSecret(name: string, { roots, crl }: ValidationContent): Secret {
  return create(SecretSchema, {
    name,
    type: {
      case: 'validationContext',
      value: { trustedCa: inline(roots), ...(crl === undefined ? {} : { crl: inline(crl) }) },
    },
  });
}

function inline(value: Uint8Array) {
  return { specifier: { case: 'inlineBytes', value } } as const;
}
