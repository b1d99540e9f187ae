// An Envoy whose clusters, listeners and secrets come from a scripted server by delta ADS, built by Sallyport's own
// builders: what is tried here is what they make.
import { create, type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { Cluster } from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { Cluster_DiscoveryType, ClusterSchema } from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import type { Listener } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { ListenerSchema } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { SecretSchema } from '../../src/envoy/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import {
  buildHttpProtocolOptions,
  type HttpProtocol,
  httpProtocolOptionsKey,
} from '../../src/envoy/http-protocol-options.ts';
import { buildTlsCertificateSecret, buildValidationSecret } from '../../src/envoy/secret.ts';
import { buildUpstreamTls, type UpstreamTlsOptions } from '../../src/envoy/upstream-tls.ts';
import { seconds, socketAddress } from '../../src/envoy/values.ts';
import { type EnvoyProcess, type Scope, startEnvoy } from '../support/envoy-process.ts';
import type { Certificate } from '../support/tls-fixtures.ts';
import { adsBootstrap, startXdsScript, type XdsResource, type XdsStream } from '../support/xds-script.ts';
import { accessLog, httpListener, type Json } from './envoy-json.ts';

export interface SecretMesh {
  readonly envoy: EnvoyProcess;
  readonly stream: XdsStream;
  /** Resolves when Envoy took them. */
  push(...secrets: readonly XdsResource[]): Promise<number>;
}

export interface SecretMeshOptions {
  readonly clusters?: readonly Cluster[];
  readonly listeners?: readonly Listener[];
  readonly routes?: readonly XdsResource[];
  /** Listeners of the bootstrap. */
  readonly staticListeners?: readonly Json[];
  /** Each is sent as soon as Envoy asks for it. */
  readonly secrets?: readonly XdsResource[];
  /** Clusters of the bootstrap, beside the one of its server. */
  readonly staticClusters?: readonly Json[];
  /** Further fields of the bootstrap. */
  readonly bootstrap?: Json;
}

export async function startSecretMesh(t: Scope, options: SecretMeshOptions): Promise<SecretMesh> {
  const { clusters = [], listeners = [], routes = [], staticListeners = [], secrets = [] } = options;
  const { staticClusters = [], bootstrap = {} } = options;
  const xds = await startXdsScript({ t });
  const { dynamic_resources, xdsCluster } = adsBootstrap(xds.address, { cds: true, lds: listeners.length > 0 });
  const static_resources = { clusters: [xdsCluster, ...staticClusters], listeners: staticListeners };
  const starting = startEnvoy({ t, bootstrap: { ...bootstrap, dynamic_resources, static_resources } });
  const stream = await xds.nextStream();
  const push = (...resources: readonly XdsResource[]) => stream.push({ type: 'SDS', resources });
  await stream.subscription('CDS');
  stream.send({ type: 'CDS', resources: clusters.map((cluster) => resourceOf(ClusterSchema, cluster.name, cluster)) });
  const sent = Promise.all(
    secrets.map(async (secret) => {
      await stream.requests.find(({ resourceNamesSubscribe: names }) => names.includes(secret.name));
      return push(secret);
    }),
  );
  if (listeners.length > 0) {
    await stream.subscription('LDS');
    stream.send({
      type: 'LDS',
      resources: listeners.map((listener) => resourceOf(ListenerSchema, listener.name, listener)),
    });
  }
  if (routes.length > 0) {
    await stream.subscription('RDS');
    stream.send({ type: 'RDS', resources: routes });
  }
  const envoy = await starting;
  await sent;
  return { envoy, stream, push };
}

export function resourceOf<Desc extends DescMessage>(
  schema: Desc,
  name: string,
  message: MessageShape<Desc>,
  version = '1',
): XdsResource {
  return { name, version, bytes: toBinary(schema, message) };
}

export function certificateSecret(name: string, { cert, key }: Certificate, version = '1'): XdsResource {
  const content = { certificate: Buffer.from(cert), key: Buffer.from(key) };
  return resourceOf(SecretSchema, name, buildTlsCertificateSecret(name, content), version);
}

export function rootsSecret(name: string, roots: string, version = '1'): XdsResource {
  return resourceOf(SecretSchema, name, buildValidationSecret(name, { roots: Buffer.from(roots) }), version);
}

/** A cluster that begins TLS to one endpoint on 127.0.0.1. */
export function tlsCluster(name: string, port: number, tls: UpstreamTlsOptions, http?: Partial<HttpProtocol>): Cluster {
  return create(ClusterSchema, {
    name,
    connectTimeout: seconds(1),
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    transportSocket: buildUpstreamTls(tls),
    loadAssignment: {
      clusterName: name,
      endpoints: [
        {
          lbEndpoints: [{ hostIdentifier: { case: 'endpoint', value: { address: socketAddress('127.0.0.1', port) } } }],
        },
      ],
    },
    ...(http === undefined
      ? {}
      : {
          typedExtensionProtocolOptions: {
            [httpProtocolOptionsKey]: buildHttpProtocolOptions({ version: 'http1', ...http }),
          },
        }),
  });
}

/** A listener of the bootstrap, `in`, with these virtual hosts; its log tells how each request ended. */
export function plainEntry(virtualHosts: readonly Json[]): Json {
  const log = accessLog('%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %UPSTREAM_TRANSPORT_FAILURE_REASON%');
  return httpListener('in', {
    manager: { access_log: log, route_config: { name: 'in', validate_clusters: false, virtual_hosts: virtualHosts } },
  });
}
