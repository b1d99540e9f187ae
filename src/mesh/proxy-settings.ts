// The settings that the proxies of a scope get: the mesh's, with what a Sidecar and Telemetries say in their place.
// Invariant: where nothing says otherwise they are the mesh's very object, so that identity tells them apart.
import type { Authorization } from './authorization.ts';
import { authorizationPolicyOrigin } from './authorization-policy.ts';
import type { MeshConfig } from './mesh-config.ts';
import { type AccessLogSettings, accessLogOf } from './select-telemetry.ts';
import { type Sidecar, sidecarOrigin } from './sidecar.ts';
import { type Telemetry, telemetryOrigin, type WorkloadMode } from './telemetry.ts';
import type { Destination } from './virtual-service.ts';

export interface ProxySettings extends MeshConfig {
  /** Where traffic goes that nobody registered, in place of the address that the caller connected to. */
  readonly egressProxy?: Destination;
  /** The objects that say so: `Sidecar/default/egress`. */
  readonly origins?: readonly string[];
  /** Where Telemetries speak of them. */
  readonly accessLogs?: Readonly<Partial<Record<WorkloadMode, AccessLogSettings>>>;
  /** Where AuthorizationPolicies are for them. */
  readonly authorization?: Authorization;
}

/** The same ones, judged by these policies; the very same where there are none. */
export function withAuthorization(settings: ProxySettings, authorization: Authorization | undefined): ProxySettings {
  if (authorization === undefined) return settings;
  const judging = [...authorization.inbound, ...authorization.outbound].map(authorizationPolicyOrigin);
  return { ...settings, authorization, origins: [...(settings.origins ?? []), ...judging] };
}

export function proxySettingsOf(
  config: MeshConfig,
  sidecar: Sidecar | undefined,
  telemetries: readonly Telemetry[] = [],
): ProxySettings {
  const policy = policyOf(sidecar);
  const logs = accessLogsOf(telemetries);
  if (policy === undefined && logs === undefined) return config;
  const speaking = telemetries.filter(({ accessLogging }) => accessLogging.length > 0);
  const origins = [
    ...(policy === undefined || sidecar === undefined ? [] : [sidecarOrigin(sidecar)]),
    ...speaking.map(telemetryOrigin),
  ];
  return { ...config, ...policy, ...logs, origins };
}

/** Istio: a Sidecar's policy replaces the mesh's as a whole. */
function policyOf(sidecar: Sidecar | undefined): Partial<ProxySettings> | undefined {
  if (sidecar?.outboundTrafficPolicy === undefined) return undefined;
  const { mode, egressProxy } = sidecar.outboundTrafficPolicy;
  const proxied = egressProxy !== undefined && mode === 'ALLOW_ANY';
  return { outboundTrafficPolicy: mode, ...(proxied ? { egressProxy } : {}) };
}

function accessLogsOf(telemetries: readonly Telemetry[]): Pick<ProxySettings, 'accessLogs'> | undefined {
  const [client, server] = [accessLogOf(telemetries, 'CLIENT'), accessLogOf(telemetries, 'SERVER')];
  if (client === undefined && server === undefined) return undefined;
  return {
    accessLogs: {
      ...(client === undefined ? {} : { CLIENT: client }),
      ...(server === undefined ? {} : { SERVER: server }),
    },
  };
}
