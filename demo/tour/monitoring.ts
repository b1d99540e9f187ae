// "Monitoring egress": the recipes website has its ids made by `idgen`, which asks httpbin.org for them. Three times the
// same call: passed through, blocked, registered; each seen at the sidecar, without any gateway.
import { callFrom, serviceEntry, sidecarLog } from './commands.ts';
import { prints, shows } from './expectations.ts';
import type { Chapter, Stage } from './step.ts';

export function monitoring(stage: Stage): Chapter {
  const inNamespace = ['-n', stage.namespace];
  const askForId = callFrom(stage, 'recipes-v1', '-s', '-w', ' -> %{http_code}\\n', 'http://idgen:8080/');
  const idgenLog = sidecarLog(stage, 'idgen-v1', 2);
  const traffic = ['traffic', 'deploy/idgen-v1', ...inNamespace, '--since', '1m'];
  return {
    title: 'Monitoring: which service calls out, and how it ends',
    steps: [
      {
        intro: 'Option 1, passthrough.',
        command: ['istio', 'outbound-traffic-policy', 'allowed'],
        expect: [prints("mesh wide outbound traffic policy is set to 'ALLOW_ANY'")],
      },
      {
        command: askForId,
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
        intro: 'What idgen calls, counted; what nobody registered stands out.',
        command: traffic,
        expect: [shows('idgen’s calls passed to httpbin.org', /idgen-v1 +httpbin\.org:80 +passthrough .* 200:\d+/)],
        eventually: true,
      },
      {
        intro: 'Option 2, REGISTRY_ONLY without an entry.',
        command: ['istio', 'outbound-traffic-policy', 'restricted'],
        expect: [prints("mesh wide outbound traffic policy is set to 'REGISTRY_ONLY'")],
      },
      {
        command: askForId,
        expect: [shows('idgen got none and says so', / -> 50[23]/)],
        eventually: true,
      },
      {
        command: idgenLog,
        expect: [shows('blocked, with 502', /"GET \/uuid HTTP\/1\.1" 502 .*"httpbin\.org".* block_all/)],
        eventually: true,
      },
      {
        command: traffic,
        expect: [shows('idgen’s calls to httpbin.org are blocked', /idgen-v1 +httpbin\.org:80 +blocked .* 502:\d+/)],
        eventually: true,
      },
      {
        intro: 'Each has a record: when, who, which host, why.',
        command: ['logs', '--decisions', 'deploy/idgen-v1', ...inNamespace, '--tail', '1'],
        expect: [
          shows('the record names host and reason', /blocked .*idgen-v1 .*httpbin\.org:80 .* registered hosts only/),
        ],
        eventually: true,
      },
      {
        intro: 'Who tries again and again is told to a person, as attempted exfiltration.',
        command: ['alerts', 'deploy/idgen-v1', ...inNamespace, '--kind', 'blocked-burst'],
        expect: [
          shows('an alert on blocked traffic', /blocked-burst .*idgen-v1 +httpbin\.org:80 .*attempted exfiltration/),
        ],
        eventually: true,
      },
      {
        intro: 'Option 3, REGISTRY_ONLY with an entry.',
        command: ['apply', '-f', '-'],
        input: serviceEntry(stage, 'httpbin-ext', ['httpbin.org']),
        expect: [prints('serviceentry.networking.istio.io/httpbin-ext created')],
      },
      {
        command: askForId,
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
        command: traffic,
        expect: [shows('it is registered traffic now', /idgen-v1 +httpbin\.org:80 +external .* 200:\d+/)],
        eventually: true,
      },
      {
        intro: 'A second external service is a second one.',
        command: ['apply', '-f', '-'],
        input: serviceEntry(stage, 'github-ext', ['api.github.com']),
        expect: [prints('serviceentry.networking.istio.io/github-ext created')],
      },
      {
        command: callFrom(
          stage,
          'idgen-v1',
          '-s',
          '-o',
          '/dev/null',
          '-w',
          '%{http_code}\\n',
          'http://api.github.com/',
        ),
        expect: [prints('200')],
        eventually: true,
      },
      {
        command: sidecarLog(stage, 'idgen-v1', 10),
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
