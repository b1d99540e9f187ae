// "Access external services from the mesh": passthrough, lock, one ServiceEntry. The application's own calls are what is
// let through, stopped and let through again.
import { callFrom, serviceEntry, sidecarLog } from './commands.ts';
import { answers, prints, shows } from './expectations.ts';
import type { Chapter, Stage } from './step.ts';

export function externalServices(stage: Stage): Chapter {
  const inNamespace = ['-n', stage.namespace];
  const fromNotifications = (...words: readonly string[]) => callFrom(stage, 'notifications-v1', ...words);
  const log = sidecarLog(stage, 'notifications-v1', 2);
  const askFrontpage = callFrom(stage, 'bookings-v1', '-si', 'http://frontpage:8080/');
  return {
    title: 'External services: pass, block, allow',
    steps: [
      {
        intro: 'Where nothing was ever set Istio’s default holds: everything may leave.',
        command: ['istio', 'outbound-traffic-policy'],
        expect: [
          shows('says what is set', /^mesh wide outbound traffic policy is (not found|currently set to '\w+')\n$/),
        ],
      },
      {
        command: ['istio', 'outbound-traffic-policy', 'allowed'],
        expect: [shows('sets it', /^mesh wide outbound traffic policy is (already )?set to 'ALLOW_ANY'\n$/)],
      },
      {
        intro: 'Have the notifications service call httpbin.org, once for each request that it gets.',
        command: [...inNamespace, 'set', 'env', 'deployment/notifications-v1', 'REQUESTS=http://httpbin.org/get#1'],
        expect: [prints('deployment.apps/notifications-v1 env updated')],
      },
      {
        command: ['rollout', 'status', 'deployment/notifications-v1', ...inNamespace],
        expect: [shows('the new pod has taken over', /successfully rolled out/)],
      },
      {
        intro: 'The application is asked at its front door, from inside the mesh.',
        command: askFrontpage,
        expect: [
          answers(200, 'content-type: text/plain', 'content-length: 9'),
          shows('says “frontpage”', /\nfrontpage$/),
        ],
      },
      {
        intro: 'Its sidecar let the call pass: PassthroughCluster.',
        command: log,
        expect: [
          shows(
            'the call left through PassthroughCluster',
            /"GET \/get HTTP\/1\.1" 200 .*"httpbin\.org".* PassthroughCluster /,
          ),
        ],
        eventually: true,
      },
      {
        intro: 'And it arrived at the other side (a simulated internet, so that no network is needed).',
        command: ['logs', 'internet', '-n', 'internet', '--tail', '2'],
        expect: [shows('httpbin.org was asked', /httpbin\.org.*GET \/get/)],
        eventually: true,
      },
      {
        intro: 'Now lock the mesh: only what is registered may leave.',
        command: ['istio', 'outbound-traffic-policy', 'restricted'],
        expect: [prints("mesh wide outbound traffic policy is set to 'REGISTRY_ONLY'")],
      },
      {
        command: fromNotifications('-si', 'http://httpbin.org/get'),
        expect: [answers(502, 'server: envoy', 'content-length: 0')],
        eventually: true,
      },
      {
        intro: 'The application’s own calls are stopped as well, and the log names who, what and when.',
        command: log,
        expect: [
          shows('the call was blocked', /"GET \/get HTTP\/1\.1" 502 .*"sallyport-demo".*"httpbin\.org".* block_all/),
        ],
        eventually: true,
      },
      {
        intro: 'Services of the mesh still reach each other.',
        command: askFrontpage,
        expect: [answers(200, 'content-length: 9')],
      },
      {
        intro: 'One ServiceEntry opens one service.',
        command: ['apply', '-f', '-'],
        input: serviceEntry(stage, 'httpbin.org', ['httpbin.org', 'www.httpbin.org']),
        expect: [prints('serviceentry.networking.istio.io/httpbin.org created')],
      },
      {
        command: fromNotifications('-si', 'http://httpbin.org/get'),
        expect: [answers(200, 'server: envoy')],
        eventually: true,
      },
      {
        command: log,
        expect: [
          shows('it has a cluster of its own now', /"GET \/get HTTP\/1\.1" 200 .* outbound\|80\|\|httpbin\.org /),
        ],
        eventually: true,
      },
      {
        intro: 'The second host of the entry is open, every other one stays closed.',
        command: fromNotifications('-si', 'http://www.httpbin.org/status/204'),
        expect: [answers(204)],
      },
      {
        command: fromNotifications('-si', 'http://example.com/'),
        expect: [answers(502, 'server: envoy')],
      },
    ],
  };
}
