// What both ends of TLS have in common: certificates and trusted roots by SDS over the same ADS stream, names that a
// certificate must bear, versions and ciphers. Envoy: transport_sockets.tls.v3.CommonTlsContext.
// Invariant: no key or certificate stands in a listener or a cluster, so a rotated one is a secret and nothing else.
import { isIP } from 'node:net';
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type CertificateValidationContextSchema,
  SubjectAltNameMatcher_SanType,
  type SubjectAltNameMatcherSchema,
  TlsParameters_TlsProtocol,
} from './gen/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import type { SdsSecretConfigSchema } from './gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import type { CommonTlsContextSchema } from './gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { adsConfigSource } from './values.ts';

export type TlsVersion = 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3';

export interface TlsContextOptions {
  /** Secret with the roots that the other side must be signed by. Undefined: whatever it shows is taken. */
  readonly validationSecret?: string | undefined;
  /**
   * The other side's certificate must bear one of these: a name, a name below `*.x`, an address, or a URI. Empty: any.
   * They need roots to mean anything.
   */
  readonly subjectAltNames?: readonly string[];
  /** Instead of those: a URI that begins so. */
  readonly uriPrefix?: string;
  /** In order of preference; empty: none is spoken of. */
  readonly alpn?: readonly string[];
  /** TLS 1.2 if undefined. */
  readonly minVersion?: TlsVersion | undefined;
  /** TLS 1.3 if undefined. */
  readonly maxVersion?: TlsVersion | undefined;
  /** For TLS up to 1.2; empty: Envoy's own. */
  readonly ciphers?: readonly string[];
}

export interface CertificatePins {
  /** Base64 of the SHA-256 of the public key. */
  readonly spki?: readonly string[];
  /** SHA-256 of the certificate in hex. */
  readonly hashes?: readonly string[];
}

type CommonTls = MessageInitShape<typeof CommonTlsContextSchema>;
type Validation = MessageInitShape<typeof CertificateValidationContextSchema>;

export function buildTlsContext(
  options: TlsContextOptions,
  certificateSecrets: readonly string[],
  pins: CertificatePins = {},
): CommonTls {
  const { minVersion, maxVersion = 'TLSV1_3', ciphers = [], alpn = [] } = options;
  return {
    tlsParams: {
      tlsMinimumProtocolVersion: versions[minVersion ?? lowestUpTo(maxVersion)],
      tlsMaximumProtocolVersion: versions[maxVersion],
      cipherSuites: [...ciphers],
    },
    tlsCertificateSdsSecretConfigs: certificateSecrets.map(secretByAds),
    alpnProtocols: [...alpn],
    ...validationOf(options, pins),
  };
}

function validationOf(
  { validationSecret, subjectAltNames = [], uriPrefix }: TlsContextOptions,
  { spki = [], hashes = [] }: CertificatePins,
): Pick<CommonTls, 'validationContextType'> {
  const asked: Validation = {
    matchTypedSubjectAltNames: uriPrefix === undefined ? subjectAltNames.flatMap(nameMatchers) : [beginning(uriPrefix)],
    verifyCertificateSpki: [...spki],
    verifyCertificateHash: [...hashes],
  };
  if (validationSecret !== undefined) {
    const validationContextSdsSecretConfig = secretByAds(validationSecret);
    return {
      validationContextType: {
        case: 'combinedValidationContext',
        value: { defaultValidationContext: asked, validationContextSdsSecretConfig },
      },
    };
  }
  // Envoy refuses names without roots; a pin stands for itself.
  if (spki.length + hashes.length === 0) return {};
  return { validationContextType: { case: 'validationContext', value: { ...asked, matchTypedSubjectAltNames: [] } } };
}

function secretByAds(name: string): MessageInitShape<typeof SdsSecretConfigSchema> {
  return { name, sdsConfig: adsConfigSource };
}

/** Envoy compares names of one type only, so a text is looked for under the types that it can be. */
function nameMatchers(name: string): MessageInitShape<typeof SubjectAltNameMatcherSchema>[] {
  const exact = { matchPattern: { case: 'exact' as const, value: name }, ignoreCase: false };
  if (name.includes('://')) return [{ sanType: SubjectAltNameMatcher_SanType.URI, matcher: exact }];
  if (isIP(name) !== 0) return [{ sanType: SubjectAltNameMatcher_SanType.IP_ADDRESS, matcher: exact }];
  const dns = SubjectAltNameMatcher_SanType.DNS;
  if (!name.startsWith('*.')) return [{ sanType: dns, matcher: { ...exact, ignoreCase: true } }];
  return [{ sanType: dns, matcher: { matchPattern: { case: 'suffix', value: name.slice(1) }, ignoreCase: true } }];
}

function beginning(prefix: string): MessageInitShape<typeof SubjectAltNameMatcherSchema> {
  return {
    sanType: SubjectAltNameMatcher_SanType.URI,
    matcher: { matchPattern: { case: 'prefix', value: prefix }, ignoreCase: false },
  };
}

const versions = {
  TLSV1_0: TlsParameters_TlsProtocol.TLSv1_0,
  TLSV1_1: TlsParameters_TlsProtocol.TLSv1_1,
  TLSV1_2: TlsParameters_TlsProtocol.TLSv1_2,
  TLSV1_3: TlsParameters_TlsProtocol.TLSv1_3,
} as const;

/** Whoever asks for at most 1.1 means that. */
function lowestUpTo(maxVersion: TlsVersion): TlsVersion {
  return maxVersion === 'TLSV1_0' || maxVersion === 'TLSV1_1' ? maxVersion : 'TLSV1_2';
}
