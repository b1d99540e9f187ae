// "Gateways": a service of the mesh behind the ingress gateway, a second ingress gateway for one service alone, and a
// gateway that calls leave by. The files are those of demo/gateways; hosts get the address that a gateway really has.
import { readFileSync } from 'node:fs';
import { applyFile, callFromHost } from './commands.ts';
import { answers, applies, prints, shows } from './expectations.ts';
import type { Chapter, Facts, Stage } from './step.ts';

const echo = ['-n', 'default', 'exec', '-ti', 'deploy/echo', '--'];
const networking = { gateway: 'gateway.networking.istio.io', service: 'virtualservice.networking.istio.io' };

export function gateways(stage: Stage): Chapter {
  const { namespace, curl } = stage;
  const callHttpbin = [...echo, ...curl, '-sD', '/dev/stderr', 'http://httpbin.org', '-o/dev/null'];
  const callThrough = (host: string, port: string, shownPort: string) =>
    callFromHost(
      stage,
      '-si',
      '--resolve',
      `${host}:${port}:${host.replace(/^\w+\.|\.xip\.io$/g, '')}`,
      `${host}${shownPort}`,
    );
  return {
    title: 'Gateways: in, out, and one of your own',
    steps: [
      {
        intro: 'The mesh has an ingress gateway, and the gateway an address.',
        command: ['-n', 'istio-system', 'get', 'istio', 'mesh'],
        expect: [
          shows('name, status, error, gateways, age', /^NAME +STATUS +ERROR +GATEWAYS +AGE$/m),
          shows('available, at its address', /^mesh +Available +\[[\d.]+\] +\w+$/m),
        ],
        eventually: true,
      },
      {
        intro: 'Where it may not listen on port 80, it says which one stands for it: 80:10080.',
        command: ['-n', 'istio-system', 'get', 'service', 'istio-ingressgateway'],
        expect: [shows('a load balancer', /^istio-ingressgateway +LoadBalancer /m)],
        learn: ingressOf,
      },
      {
        intro: 'Let the frontpage be seen from outside of the mesh.',
        command: ['apply', '-f', '-'],
        input: withAddress('frontpage', '{ingress}').replaceAll('backyards-demo', namespace),
        expect: [applies(`${networking.gateway}/frontpage`, `${networking.service}/frontpage`)],
      },
      {
        ...callThrough('frontpage.{ingress}.xip.io', '{httpPort}', '{shownHttpPort}'),
        expect: [
          answers(200, 'content-type: text/plain', 'content-length: 9', 'server: istio-envoy'),
          shows('by Envoy, from the frontpage', /\nx-envoy-upstream-service-time: \d+\r\n[\s\S]*\r\n\r\nfrontpage$/),
        ],
        eventually: true,
      },
      {
        intro: 'Another service, in another namespace.',
        command: applyFile(stage, 'gateways/echo-service.yaml'),
        expect: [applies('deployment.apps/echo', 'service/echo')],
      },
      {
        intro: 'It gets a gateway of its own, on port 8000; the other one is not touched.',
        command: applyFile(stage, 'gateways/echo-ingress.yaml'),
        expect: [applies('meshgateway.istio.banzaicloud.io/echo-ingress')],
      },
      {
        command: ['-n', 'default', 'get', 'meshgateways', 'echo-ingress'],
        expect: [
          shows('its columns', /^NAME +TYPE +SERVICE TYPE +STATUS +INGRESS IPS +ERROR +AGE$/m),
          shows('available', /^echo-ingress +ingress +LoadBalancer +Available +\[[\d.]+\] +\w+$/m),
        ],
        learn: echoAddressOf,
        eventually: true,
      },
      {
        command: ['apply', '-f', '-'],
        input: withAddress('echo', '{echo}'),
        expect: [applies(`${networking.gateway}/echo`, `${networking.service}/echo`)],
      },
      {
        ...callThrough('echo.{echo}.xip.io', '8000', ':8000'),
        expect: [
          answers(200, 'content-type: text/plain', 'server: istio-envoy'),
          shows('the echo service says who it is', /\r\n\r\nHostname: echo-/),
        ],
        eventually: true,
      },
      {
        intro: 'The way out. By default everything may leave.',
        command: [
          ...['-n', 'istio-system', 'get', 'istio', 'mesh', '-o'],
          `jsonpath={@.spec.outboundTrafficPolicy.mode}{"\\n"}`,
        ],
        expect: [prints('ALLOW_ANY')],
      },
      {
        command: callHttpbin,
        expect: [answers(200, 'server: envoy', 'content-type: text/html; charset=utf-8')],
        eventually: true,
      },
      {
        command: [
          ...['-n', 'istio-system', 'patch', 'istio', 'mesh', '-p'],
          '{"spec":{"outboundTrafficPolicy":{"mode":"REGISTRY_ONLY"}}}',
          '--type=merge',
        ],
        expect: [prints('istio.istio.banzaicloud.io/mesh patched')],
      },
      { command: callHttpbin, expect: [answers(502, 'server: envoy', 'content-length: 0')], eventually: true },
      {
        command: applyFile(stage, 'gateways/httpbin-ext.yaml'),
        expect: [applies('serviceentry.networking.istio.io/httpbin-ext')],
      },
      { command: callHttpbin, expect: [answers(200, 'server: envoy')], eventually: true },
      {
        intro: 'Now by a gateway that sees all that leaves.',
        command: applyFile(stage, 'gateways/egress.yaml'),
        expect: [applies('meshgateway.istio.banzaicloud.io/egress')],
      },
      {
        command: ['-n', 'default', 'get', 'meshgateways', 'egress'],
        expect: [shows('available', /^egress +egress +ClusterIP +Available +\[[\d.]+\] +\w+$/m)],
        eventually: true,
      },
      {
        command: applyFile(stage, 'gateways/egress-gateway.yaml'),
        expect: [applies(`${networking.gateway}/egress`)],
      },
      {
        intro: 'Sidecars send httpbin.org to it, and it sends it on.',
        command: applyFile(stage, 'gateways/httpbin-egress.yaml'),
        expect: [applies(`${networking.service}/httpbin-egress`)],
      },
      {
        command: [...echo, ...curl, '-sD', '/dev/stderr', 'http://httpbin.org/headers', '-o/dev/null'],
        expect: [answers(200, 'content-type: application/json', 'server: envoy')],
        eventually: true,
      },
      {
        intro: 'The answer is the same; the log of the gateway tells that it went this way.',
        command: [
          ...['-n', 'default', 'logs', '-l', 'gateway-name=egress,gateway-type=egress'],
          ...['-c', 'istio-proxy', '--tail', '10'],
        ],
        expect: [
          shows(
            'through the gateway, to httpbin.org',
            /"GET \/headers HTTP\/1\.1" 200 .*"httpbin\.org" "[\d.:]+" outbound\|80\|\|httpbin\.org /,
          ),
        ],
        eventually: true,
      },
      {
        command: ['-n', namespace, 'delete', 'gateway/frontpage', 'virtualservice/frontpage'],
        expect: [shows('both are gone', /frontpage" deleted\n.*frontpage" deleted\n$/)],
      },
      {
        command: [
          ...['-n', 'default', 'delete', 'virtualservice/echo', 'virtualservice/httpbin-egress', 'gateway/echo'],
          ...['gateway/egress', 'meshgateway/echo-ingress', 'meshgateway/egress', 'serviceentry/httpbin-ext'],
          ...['service/echo', 'deployment/echo'],
        ],
        expect: [shows('all are gone', /^(.*" deleted\n){9}$/)],
      },
      {
        command: ['istio', 'outbound-traffic-policy', 'allowed'],
        expect: [prints("mesh wide outbound traffic policy is set to 'ALLOW_ANY'")],
      },
    ],
  };
}

/** The file with one host, at this address, for the two of the document. */
function withAddress(name: string, address: string): string {
  const text = readFileSync(new URL(`../gateways/${name}.yaml`, import.meta.url), 'utf8');
  const hosts = /( +- ")(\w+)\.[\d.]+\.xip\.io"\n +- "\2\.[\d.]+\.xip\.io"\n/g;
  return text.replace(hosts, `$1$2.${address}.xip.io"\n`);
}

function ingressOf(stdout: string): Facts {
  const [, address, ports = ''] = /^istio-ingressgateway +LoadBalancer +\S+ +(\S+) +(\S+)/m.exec(stdout) ?? [];
  const [, mapped] = /(?:^|,)80:(\d+)\//.exec(ports) ?? [];
  if (address === undefined) return {};
  return { ingress: address, httpPort: mapped ?? '80', shownHttpPort: mapped === undefined ? '' : `:${mapped}` };
}

function echoAddressOf(stdout: string): Facts {
  const [, address] = /^echo-ingress .*\[([\d.]+)/m.exec(stdout) ?? [];
  return address === undefined ? {} : { echo: address };
}
