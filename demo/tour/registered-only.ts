// The manual's page "External Services": show the setting, take an entry away, and what HTTPS means for what can be seen.
import { answers, fails, prints, shows } from './expectations.ts';
import type { Chapter, Stage } from './step.ts';

const httpsEntry = (namespace: string) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: httpbin-https
  namespace: ${namespace}
spec:
  hosts:
  - httpbin.org
  ports:
  - number: 443
    name: https
    protocol: HTTPS
  resolution: DNS
  location: MESH_EXTERNAL
`;

export function registeredOnly({ namespace, curl }: Stage): Chapter {
  const inNamespace = ['-n', namespace];
  const fromNotifications = (...words: readonly string[]) => [
    'exec',
    'deploy/notifications-v1',
    ...inNamespace,
    '--',
    ...curl,
    ...words,
  ];
  return {
    title: 'Only registered services: take away, HTTPS',
    steps: [
      {
        command: ['istio', 'outbound-traffic-policy'],
        expect: [prints("mesh wide outbound traffic policy is currently set to 'REGISTRY_ONLY'")],
      },
      {
        command: ['istio', 'outbound-traffic-policy', 'restricted'],
        expect: [prints("mesh wide outbound traffic policy is already set to 'REGISTRY_ONLY'")],
      },
      {
        command: ['get', 'serviceentries', ...inNamespace],
        expect: [shows('the entry is listed', /^httpbin\.org\s.*httpbin\.org/m)],
      },
      {
        intro: 'Access goes as it came: with the entry.',
        command: ['delete', 'serviceentry', ...inNamespace, 'httpbin.org'],
        expect: [prints('serviceentry.networking.istio.io "httpbin.org" deleted')],
      },
      {
        command: fromNotifications('-si', 'http://httpbin.org/get'),
        expect: [answers(502, 'server: envoy', 'content-length: 0')],
        eventually: true,
      },
      {
        intro: 'HTTPS is judged by the name that the caller asks for; there is no answer to give, so it is cut off.',
        command: fromNotifications('-sS', 'https://httpbin.org/get'),
        expect: [fails('no connection is made')],
      },
      {
        command: ['apply', '-f', '-'],
        input: httpsEntry(namespace),
        expect: [prints('serviceentry.networking.istio.io/httpbin-https created')],
      },
      {
        command: fromNotifications('-sSi', 'https://httpbin.org/get'),
        expect: [answers(200)],
        eventually: true,
      },
      {
        intro: 'Method, path and status are inside the tunnel: the sidecar sees bytes, and the name.',
        command: ['logs', 'deploy/notifications-v1', ...inNamespace, '-c', 'istio-proxy', '--tail', '4'],
        expect: [
          shows('logged as a connection, by its name', /"- - -" 0 .* outbound\|443\|\|httpbin\.org .* httpbin\.org -/),
        ],
        eventually: true,
      },
      {
        command: ['delete', 'serviceentry', ...inNamespace, 'httpbin-https'],
        expect: [prints('serviceentry.networking.istio.io "httpbin-https" deleted')],
      },
    ],
  };
}
