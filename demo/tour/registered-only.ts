// The manual's page "External Services": show the setting, take an entry away, and what HTTPS means for what can be seen.
import { callFrom, serviceEntry, sidecarLog } from './commands.ts';
import { answers, fails, prints, shows } from './expectations.ts';
import type { Chapter, Stage } from './step.ts';

export function registeredOnly(stage: Stage): Chapter {
  const inNamespace = ['-n', stage.namespace];
  const fromNotifications = (...words: readonly string[]) => callFrom(stage, 'notifications-v1', ...words);
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
        input: serviceEntry(stage, 'httpbin-https', ['httpbin.org'], [443, 'HTTPS']),
        expect: [prints('serviceentry.networking.istio.io/httpbin-https created')],
      },
      {
        command: fromNotifications('-sSi', 'https://httpbin.org/get'),
        expect: [answers(200)],
        eventually: true,
      },
      {
        intro: 'Method, path and status are inside the tunnel: the sidecar sees bytes, and the name.',
        command: sidecarLog(stage, 'notifications-v1', 4),
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
