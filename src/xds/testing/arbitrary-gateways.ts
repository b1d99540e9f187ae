// Gateways for properties of views: some choose the gateway that is looked at, others another.
import fc from 'fast-check';
import type { Protocol } from '../../api/protocol.ts';
import type { Gateway } from '../../mesh/gateway.ts';
import { origin } from './arbitrary-names.ts';

export const gateway: fc.Arbitrary<Gateway> = fc
  .record({
    ...origin,
    selected: fc.boolean(),
    servers: fc.array(
      fc.record({
        number: fc.constantFrom(80, 443, 8080),
        protocol: fc.constantFrom<Protocol>('HTTP', 'TLS', 'HTTPS', 'TCP'),
        host: fc.constantFrom('*', 'a.test', '*.wild.test'),
        allowed: fc.constantFrom(undefined, undefined, 'other'),
        mode: fc.constantFrom('PASSTHROUGH', 'SIMPLE', 'MUTUAL'),
        httpsRedirect: fc.boolean(),
        bind: fc.constantFrom(undefined, undefined, '192.0.2.1'),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  })
  .map(({ selected, servers, ...rest }) => ({
    ...rest,
    selector: new Map([['gateway-name', selected ? 'egress' : 'another']]),
    servers: servers.map(({ number, protocol, host, allowed, mode, httpsRedirect, bind }, index) => ({
      name: '',
      port: { number, name: `p${index}`, protocol },
      bind,
      hosts: [{ namespace: allowed, host }],
      httpsRedirect: protocol === 'HTTP' && httpsRedirect,
      tls:
        protocol === 'HTTP' || protocol === 'TCP'
          ? undefined
          : {
              mode: mode === 'SIMPLE' ? 'SIMPLE' : mode === 'MUTUAL' ? 'MUTUAL' : 'PASSTHROUGH',
              certificates: [{ credentialName: 'server' }],
              callerRoots: { credentialName: 'server' },
              subjectAltNames: [],
              certificateHashes: [],
              certificateSpki: [],
              minVersion: undefined,
              maxVersion: undefined,
              cipherSuites: [],
            },
    })),
  }));
