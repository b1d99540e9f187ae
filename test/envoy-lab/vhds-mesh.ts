// An Envoy whose port-80 listener takes its RouteConfiguration by RDS and its hosts by VHDS from a scripted server.
import { type EnvoyOptions, type EnvoyProcess, type Scope, startEnvoy } from '../support/envoy-process.ts';
import { type OutsideHttp, startOutsideHttp } from '../support/outside-server.ts';
import type { XdsResource } from '../support/xds-script.ts';
import { adsBootstrap, startXdsScript, type XdsScript, type XdsStream } from '../support/xds-script.ts';
import { adsSource, blockAll, httpListener, type Json, staticCluster, virtualHost } from './envoy-json.ts';

export interface VhdsMesh {
  readonly xds: XdsScript;
  readonly stream: XdsStream;
  readonly outside: OutsideHttp;
  readonly envoy: EnvoyProcess;
  /** Port of the listener `80`. */
  readonly port: number;
}

/** Starts Envoy without giving it anything: the test answers on the stream. Listeners are static. */
export async function startUnanswered(t: Scope, names: readonly string[], waitFor: EnvoyOptions['waitFor'] = 'admin') {
  const outside = await startOutsideHttp({ t });
  const xds = await startXdsScript({ t });
  const { dynamic_resources, xdsCluster } = adsBootstrap(xds.address);
  const listeners = names.map((name) => rdsListener(name));
  const clusters = [xdsCluster, staticCluster('up', outside.port)];
  const bootstrap = { dynamic_resources, static_resources: { clusters, listeners } };
  const starting = startEnvoy({ t, bootstrap, waitFor });
  const [envoy, stream] = await Promise.all([starting, xds.nextStream()]);
  return { xds, stream, outside, envoy };
}

/** A running mesh with the one RouteConfiguration `80` and these hosts. */
export async function startVhdsMesh(t: Scope, hosts: readonly string[]): Promise<VhdsMesh> {
  const { xds, stream, outside, envoy } = await startUnanswered(t, ['80']);
  await stream.subscription('RDS');
  await stream.push({ type: 'RDS', resources: [routeConfiguration('80')] });
  await stream.subscription('VHDS');
  await stream.push({ type: 'VHDS', resources: hosts.map((host) => hostResource('80', host)), removed: ['80/none'] });
  return { xds, stream, outside, envoy, port: await envoy.listenerPort('80') };
}

export function rdsListener(name: string, port?: number): Json {
  const rds = { route_config_name: name, config_source: adsSource };
  return httpListener(name, { manager: { rds }, ...(port === undefined ? {} : { port }) });
}

export interface RouteConfigurationOptions {
  readonly version?: string;
  /** Status of the catch-all. */
  readonly blocked?: number;
  /** Seconds that Envoy waits for the first hosts. */
  readonly fetchTimeout?: number;
}

export function routeConfiguration(name: string, options: RouteConfigurationOptions = {}): XdsResource {
  const { version = '1', blocked = 502, fetchTimeout = 15 } = options;
  const configSource = { ...adsSource, initial_fetch_timeout: `${fetchTimeout}s` };
  const value = { name, virtual_hosts: [blockAll(blocked)], vhds: { config_source: configSource } };
  return { name, version, value };
}

export function hostResource(routes: string, host: string): XdsResource {
  const name = `${routes}/${host}`;
  return { name, value: virtualHost(name, [host], 'up') };
}
