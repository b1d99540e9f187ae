// "Monitoring egress": the recipes website has its ids made by `idgen`, which asks httpbin.org for them. Three times the
// same call: passed through, blocked, registered; each seen at the sidecar, without any gateway.
import { prints, shows } from './expectations.ts';
import type { Chapter, Stage } from './step.ts';

const entry = (namespace: string, name: string, host: string) => `apiVersion: networking.istio.io/v1alpha3
kind: ServiceEntry
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  hosts:
  - ${host}
  ports:
  - number: 80
    name: http
    protocol: HTTP
  resolution: DNS
  location: MESH_EXTERNAL
`;

export function monitoring({ namespace, curl }: Stage): Chapter {
  const inNamespace = ['-n', namespace];
  const askForId = ['exec', 'deploy/recipes-v1', ...inNamespace, '--', ...curl, '-s', '-w', ' -> %{http_code}\\n'];
  const idgenLog = ['logs', 'deploy/idgen-v1', ...inNamespace, '-c', 'istio-proxy', '--tail', '2'];
  return {
    title: 'Monitoring: which service calls out, and how it ends',
    steps: [
      {
        intro: 'Option 1, passthrough.',
        command: ['istio', 'outbound-traffic-policy', 'allowed'],
        expect: [prints("mesh wide outbound traffic policy is set to 'ALLOW_ANY'")],
      },
      {
        command: [...askForId, 'http://idgen:8080/'],
        expect: [shows('an id came back', /[0-9a-f]{8}-[0-9a-f]{4}-.*\s+-> 200/)],
        eventually: true,
      },
      {
        command: idgenLog,
        expect: [
          shows('through PassthroughCluster', /"GET \/uuid HTTP\/1\.1" 200 .*"httpbin\.org".* PassthroughCluster /),
        ],
        eventually: true,
      },
      {
        intro: 'Option 2, REGISTRY_ONLY without an entry.',
        command: ['istio', 'outbound-traffic-policy', 'restricted'],
        expect: [prints("mesh wide outbound traffic policy is set to 'REGISTRY_ONLY'")],
      },
      {
        command: [...askForId, 'http://idgen:8080/'],
        expect: [shows('idgen got none and says so', / -> 50[23]/)],
        eventually: true,
      },
      {
        command: idgenLog,
        expect: [shows('blocked, with 502', /"GET \/uuid HTTP\/1\.1" 502 .*"httpbin\.org".* block_all/)],
        eventually: true,
      },
      {
        intro: 'Option 3, REGISTRY_ONLY with an entry.',
        command: ['apply', '-f', '-'],
        input: entry(namespace, 'httpbin-ext', 'httpbin.org'),
        expect: [prints('serviceentry.networking.istio.io/httpbin-ext created')],
      },
      {
        command: [...askForId, 'http://idgen:8080/'],
        expect: [shows('an id came back', /[0-9a-f]{8}-[0-9a-f]{4}-.*\s+-> 200/)],
        eventually: true,
      },
      {
        command: idgenLog,
        expect: [
          shows('httpbin.org is a service of its own', /"GET \/uuid HTTP\/1\.1" 200 .* outbound\|80\|\|httpbin\.org /),
        ],
        eventually: true,
      },
      {
        intro: 'A second external service is a second one.',
        command: ['apply', '-f', '-'],
        input: entry(namespace, 'github-ext', 'api.github.com'),
        expect: [prints('serviceentry.networking.istio.io/github-ext created')],
      },
      {
        command: [
          'exec',
          'deploy/idgen-v1',
          ...inNamespace,
          '--',
          ...curl,
          '-s',
          '-o',
          '/dev/null',
          '-w',
          '%{http_code}\\n',
          'http://api.github.com/',
        ],
        expect: [prints('200')],
        eventually: true,
      },
      {
        command: ['logs', 'deploy/idgen-v1', ...inNamespace, '-c', 'istio-proxy', '--tail', '10'],
        expect: [shows('with a cluster of its own', / outbound\|80\|\|api\.github\.com /)],
        eventually: true,
      },
      {
        intro: 'What idgen may reach outside, by the configuration that its sidecar has.',
        command: ['proxy-config', 'clusters', 'deploy/idgen-v1', ...inNamespace],
        expect: [shows('both are listed', /api\.github\.com[\s\S]*httpbin\.org/)],
      },
      {
        command: ['delete', 'serviceentry', ...inNamespace, 'httpbin-ext', 'github-ext'],
        expect: [
          prints(
            'serviceentry.networking.istio.io "httpbin-ext" deleted',
            'serviceentry.networking.istio.io "github-ext" deleted',
          ),
        ],
      },
      {
        command: ['istio', 'outbound-traffic-policy', 'allowed'],
        expect: [prints("mesh wide outbound traffic policy is set to 'ALLOW_ANY'")],
      },
    ],
  };
}
