// Gateway -> the mesh's form of it (istio-semantics 5). Takes a valid object.
import { normalizeHost } from '../api/host-name.ts';
import type { Gateway as ApiGateway, GatewayServer as ApiServer, ServerTlsSettings } from '../api/kinds/gateway.ts';
import { cipherSuites } from '../api/kinds/gateway-ciphers.ts';
import { parseServerHost } from '../api/kinds/gateway-hosts.ts';
import { parseProtocol } from '../api/protocol.ts';
import type {
  CallerRoots,
  Gateway,
  GatewayServer,
  ServerCertificate,
  ServerHost,
  ServerTls,
  TlsVersion,
} from './gateway.ts';
import { selectorOf } from './selector.ts';

export function translateGateway({ metadata, spec }: ApiGateway): Gateway {
  const { name, namespace = 'default', creationTimestamp = '' } = metadata;
  return {
    namespace,
    name,
    createdAt: creationTimestamp,
    selector: spec.selector === undefined ? undefined : selectorOf(spec.selector),
    servers: spec.servers.map((server) => translateServer(server, namespace)),
  };
}

function translateServer({ name, port, bind, hosts, tls }: ApiServer, namespace: string): GatewayServer {
  return {
    name: name ?? '',
    port: { number: port.number, name: port.name, protocol: parseProtocol(port.protocol) ?? 'TCP' },
    bind: bind === '' || bind === '0.0.0.0' ? undefined : bind,
    hosts: hosts.map((host) => translateServerHost(host, namespace)),
    httpsRedirect: tls?.httpsRedirect === true,
    tls: tls === undefined ? undefined : translateTls(tls),
  };
}

function translateServerHost(text: string, own: string): ServerHost {
  const { namespace, host } = parseServerHost(text);
  return {
    namespace: namespace === '*' ? undefined : namespace === '.' ? own : namespace,
    host: host === '*' ? host : (normalizeHost(host) ?? host),
  };
}

/** Istio: a mode that is not given is PASSTHROUGH, the first of its enum. */
function translateTls(tls: ServerTlsSettings): ServerTls {
  return {
    mode: tls.mode ?? 'PASSTHROUGH',
    certificates: certificatesOf(tls),
    callerRoots: callerRootsOf(tls),
    subjectAltNames: tls.subjectAltNames ?? [],
    certificateHashes: tls.verifyCertificateHash ?? [],
    certificateSpki: tls.verifyCertificateSpki ?? [],
    minVersion: versionOf(tls.minProtocolVersion),
    maxVersion: versionOf(tls.maxProtocolVersion),
    // One that Envoy does not know would cost the whole listener.
    cipherSuites: (tls.cipherSuites ?? []).filter((suite) => cipherSuites.has(suite)),
  };
}

function certificatesOf(tls: ServerTlsSettings): readonly ServerCertificate[] {
  const { credentialName, credentialNames = [], tlsCertificates = [], serverCertificate, privateKey } = tls;
  const names = credentialName ? [credentialName] : credentialNames;
  if (names.length > 0) return names.map((name) => ({ credentialName: name }));
  return [{ serverCertificate, privateKey }, ...tlsCertificates].flatMap((files) =>
    files.serverCertificate && files.privateKey
      ? [{ certificate: files.serverCertificate, key: files.privateKey }]
      : [],
  );
}

/** Istio: those of the first Secret where none are named. */
function callerRootsOf(tls: ServerTlsSettings): CallerRoots | undefined {
  const { credentialName, credentialNames = [], caCertCredentialName, tlsCertificates = [], caCrl } = tls;
  const name = caCertCredentialName || credentialName || credentialNames[0];
  if (name) return { credentialName: name };
  const [file] = [tls, ...tlsCertificates].flatMap(({ caCertificates }) => caCertificates || []);
  return file === undefined ? undefined : { file, crl: caCrl || undefined };
}

function versionOf(version: ServerTlsSettings['minProtocolVersion']): TlsVersion | undefined {
  return version === undefined || version === 'TLS_AUTO' ? undefined : version;
}
