// "HTTPS egress": the app speaks HTTP to one name of the mesh; the egress gateway speaks TLS to two servers outside. Between
// them Istio's traffic management: shifting, faults, time-outs, retries. The files are those of demo/https-egress.
import { applyFile, callFromHost } from './commands.ts';
import { answers, applies, counts, prints, shows } from './expectations.ts';
import type { Chapter, Expectation, Stage } from './step.ts';

const here = ['-n', 'https-egress'];
const [v1, v2] = ['hello-istio-v1.apps.coachella.cf-app.com', 'hello-istio-v2.apps.coachella.cf-app.com'];

export function httpsEgress(stage: Stage): Chapter {
  const { internet, curl } = stage;
  const fromApp = (...words: readonly string[]) => [
    ...['exec', 'deploy/app-that-calls-externally', ...here, '--'],
    ...curl,
    ...words,
  ];
  const arrivals = callFromHost(
    stage,
    ...['-s', '-H', 'Host: internet.sim', `http://${internet}:8080/__sim/arrivals?host=cf-app.com`],
  );
  return {
    title: 'HTTPS egress: shift, fail, wait, try again',
    steps: [
      {
        intro: 'Only what is registered may leave, all along.',
        command: ['istio', 'outbound-traffic-policy', 'restricted'],
        expect: [prints("mesh wide outbound traffic policy is set to 'REGISTRY_ONLY'")],
      },
      {
        intro:
          'traffic calls service-that-calls-externally, and the app behind it calls “hello-istio”, a name without pods.',
        command: applyFile(stage, 'https-egress/workloads.yaml'),
        expect: [
          applies(
            'namespace/https-egress',
            'deployment.apps/traffic',
            'service/service-that-calls-externally',
            'deployment.apps/app-that-calls-externally',
            'service/hello-istio',
          ),
        ],
      },
      {
        command: ['logs', 'deploy/traffic', ...here, '--tail', '1'],
        expect: [shows('nobody answers to the name', /^\S+\+00:00 no healthy upstream$/m)],
        eventually: true,
      },
      {
        intro: 'Two services outside, a gateway, TLS from there on, and the rules of the way.',
        command: applyFile(stage, 'https-egress/istio/'),
        expect: [
          applies(
            'serviceentry.networking.istio.io/hello-istio-v1',
            'serviceentry.networking.istio.io/hello-istio-v2',
            'gateway.networking.istio.io/istio-egressgateway',
            'destinationrule.networking.istio.io/hello-istio-v1',
            'destinationrule.networking.istio.io/hello-istio-v2',
            'virtualservice.networking.istio.io/hello-istio',
          ),
        ],
      },
      {
        command: ['logs', 'deploy/traffic', ...here, '--tail', '6'],
        expect: [
          line('v1 answers', 'Hello K8s, from CF v1 service!'),
          line('so does v2', 'Hello K8s, from CF v2 service!'),
        ],
        eventually: true,
      },
      {
        intro: 'Hop by hop. From traffic, by its sidecar, to the service:',
        command: ['logs', 'deploy/traffic', ...here, '-c', 'istio-proxy', '--tail', '1'],
        expect: [shows('by its name in the mesh', / outbound\|80\|\|service-that-calls-externally\.https-egress\./)],
      },
      {
        intro: 'To the app, and by its sidecar to the egress gateway:',
        command: ['logs', 'deploy/app-that-calls-externally', ...here, '-c', 'istio-proxy', '--tail', '6'],
        expect: [
          shows('it came in', / inbound\|8080\|\| /),
          shows('and went to the gateway', / outbound\|80\|\|istio-egressgateway\.istio-system\./),
        ],
        eventually: true,
      },
      {
        intro: 'By the gateway to one of the two services:',
        command: ['logs', ...['-l', 'istio=egressgateway', '-n', 'istio-system'], '-c', 'istio-proxy', '--tail', '1'],
        expect: [shows('out of the mesh', /"GET \/ HTTP\/2" 200 .* outbound\|80\|\|hello-istio-v[12]\.apps\./)],
        eventually: true,
      },
      {
        intro: 'There it arrived over TLS:',
        command: ['logs', 'internet', '-n', 'internet', '--tail', '2'],
        expect: [shows('by HTTPS', /internet https hello-istio-v[12]\.apps\.coachella\.cf-app\.com GET \/ -> 200/)],
        eventually: true,
      },
      {
        intro: 'Two hundred requests: v1 and v2 share them, and 15 of a hundred fail before they are sent.',
        command: ['exec', 'deploy/traffic', ...here, '--', 'traffic', '200', '--count'],
        expect: [
          counts('v1 and v2 got about the same', (count) =>
            areAlike(count('Hello K8s, from CF v1 service!'), count('Hello K8s, from CF v2 service!')),
          ),
          counts('some were aborted with 418', (count) => {
            const aborted = count('fault filter abort');
            return aborted >= 10 && aborted <= 60;
          }),
        ],
      },
      {
        intro:
          'What arrived, as the other side tells: each host over TLS, with its own SNI and Host; nothing in plain text.',
        ...arrivals,
        expect: [
          counts('each by its own name, about as often', (count) => areAlike(count(asked(v1)), count(asked(v2)))),
          shows('nothing without TLS', /^(?![\s\S]* http )/),
        ],
      },
      {
        intro: 'A server that takes five seconds; the caller waits two.',
        command: fromApp('-si', 'http://hello-istio/delay/5'),
        expect: [answers(504, 'server: envoy')],
        eventually: true,
      },
      {
        intro: 'A server that fails; the gateway asks it twice more before it says so.',
        command: fromApp('-si', 'http://hello-istio/status/500'),
        expect: [answers(500, 'server: envoy')],
        eventually: true,
      },
      {
        ...arrivals,
        expect: [
          counts('three times for each request', (count) => {
            const [one = 0, other = 0] = [v1, v2].map((host) => count(asked(host, '/status/500')));
            return one + other >= 3 && one % 3 === 0 && other % 3 === 0;
          }),
        ],
      },
      {
        intro: 'The gateway alone knows the hosts: there is no way past it.',
        command: fromApp('-si', `http://${v1}/`),
        expect: [answers(502, 'server: envoy', 'content-length: 0')],
      },
      {
        intro: 'All of it is in one namespace.',
        command: ['delete', 'namespace', 'https-egress'],
        expect: [prints('namespace "https-egress" deleted')],
      },
      {
        intro: 'And the mesh is as it was before the tour: no policy is set.',
        command: [
          ...['-n', 'istio-system', 'patch', 'istio', 'mesh', '-p'],
          '{"spec":{"outboundTrafficPolicy":null}}',
          '--type=merge',
        ],
        expect: [prints('istio.istio.banzaicloud.io/mesh patched')],
      },
    ],
  };
}

/** A line of the traffic program: a time, and what came back. */
function line(says: string, text: string): Expectation {
  return shows(says, new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\+00:00 ${text}$`, 'm'));
}

/** A row of what arrived outside. */
function asked(host = '', path = '/'): string {
  return `https ${host} ${host} GET ${path}`;
}

/** Of so many, four standard deviations and more. */
function areAlike(one: number, other: number): boolean {
  return one + other >= 100 && Math.min(one, other) / (one + other) > 0.33;
}
