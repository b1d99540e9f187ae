// Kinds of Istio and of the Gateway API that are refused, with the reason: each would go past what policies say, or would
// have the control plane fetch what an object names.

export interface UnservedKind {
  readonly reason: string;
  readonly mend: string;
}

export const unservedKinds: ReadonlyMap<string, UnservedKind> = new Map([
  [
    'EnvoyFilter',
    {
      reason: 'whoever writes one changes what proxies do past every policy',
      mend: 'use a VirtualService, DestinationRule or Telemetry',
    },
  ],
  ['WasmPlugin', { reason: 'proxies run no code that an object names', mend: 'leave it out' }],
  [
    'RequestAuthentication',
    {
      reason: 'the control plane fetches no keys (jwksUri), and without them every token would count',
      mend: 'have programs verify their tokens',
    },
  ],
  [
    'ReferenceGrant',
    {
      reason: "Secrets are found in the proxy's own namespace, whoever lets others use them",
      mend: 'put a copy of the Secret there',
    },
  ],
]);
