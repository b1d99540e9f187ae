// The files of the third and fourth story: they hold what the documents say, and name programs that are there.
import assert from 'node:assert/strict';
import { accessSync, constants, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeManifests } from '../src/api/decode.ts';
import { internetHosts } from './internet/hosts.ts';
import { filledIn } from './tour/play.ts';
import { tourChapters } from './tour/tour.ts';

function objectsOf(pattern: string) {
  return globSync(pattern, { cwd: import.meta.dirname }).flatMap((file) => {
    const { objects, diagnostics } = decodeManifests(readFileSync(join(import.meta.dirname, file), 'utf8'), file);
    assert.deepEqual(diagnostics, [], file);
    return objects.map(({ object }) => object);
  });
}

const files = [...objectsOf('gateways/*.yaml'), ...objectsOf('https-egress/**/*.yaml')];

function specOf(kind: string, name: string): unknown {
  const found = files.find((object) => object.kind === kind && object.metadata.name === name);
  return found?.['spec'] ?? assert.fail(`no ${kind} ${name}`);
}

test('the objects of both stories', () => {
  const names = files.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
  assert.deepEqual(names.sort(), [
    'Deployment default/echo',
    'Deployment https-egress/app-that-calls-externally',
    'Deployment https-egress/traffic',
    'DestinationRule https-egress/hello-istio-v1',
    'DestinationRule https-egress/hello-istio-v2',
    'Gateway backyards-demo/frontpage',
    'Gateway default/echo',
    'Gateway default/egress',
    'Gateway https-egress/istio-egressgateway',
    'MeshGateway default/echo-ingress',
    'MeshGateway default/egress',
    'Namespace /https-egress',
    'Service default/echo',
    'Service https-egress/hello-istio',
    'Service https-egress/service-that-calls-externally',
    'ServiceEntry default/httpbin-ext',
    'ServiceEntry https-egress/hello-istio-v1',
    'ServiceEntry https-egress/hello-istio-v2',
    'VirtualService backyards-demo/frontpage',
    'VirtualService default/echo',
    'VirtualService default/httpbin-egress',
    'VirtualService https-egress/hello-istio',
  ]);
});

test('what is looked at from outside is what the documents have', () => {
  const echo = JSON.stringify(specOf('Deployment', 'echo'));
  assert.match(echo, /"name":"echo-service","image":"k8s.gcr.io\/echoserver:1.10"/);
  assert.deepEqual(specOf('MeshGateway', 'echo-ingress'), {
    maxReplicas: 1,
    minReplicas: 1,
    ports: [{ name: 'http', port: 8000, protocol: 'TCP', targetPort: 8000 }],
    serviceType: 'LoadBalancer',
    type: 'ingress',
  });
  for (const version of ['v1', 'v2']) {
    const host = `hello-istio-${version}.apps.coachella.cf-app.com`;
    assert.ok(internetHosts.some((one) => one === host));
    assert.match(
      JSON.stringify(specOf('ServiceEntry', `hello-istio-${version}`)),
      new RegExp(`"hosts":\\["${host}"\\]`),
    );
    assert.match(JSON.stringify(specOf('DestinationRule', `hello-istio-${version}`)), new RegExp(`"sni":"${host}"`));
  }
});

test('every command is a program of the demo that may be run', () => {
  const commands = files.flatMap((object) => JSON.stringify(object).match(/(?<="command":\[")[^"]+/g) ?? []);
  assert.deepEqual(commands.sort(), ['app-that-calls-externally', 'echoserver', 'traffic']);
  for (const command of commands) {
    const file = join(import.meta.dirname, 'bin', command);
    accessSync(file, constants.X_OK);
    const [, program] = /exec node "\$\{0%\/\*\}\/(\S+)" "\$@"$/m.exec(readFileSync(file, 'utf8')) ?? [];
    accessSync(join(import.meta.dirname, 'bin', program ?? 'no program'));
  }
});

test('the tour puts the addresses and the namespace of the demo that it plays on into the files', () => {
  const chapters = tourChapters({ namespace: 'smm-demo', curl: ['curl'], folder: 'demo', internet: '192.0.2.1' });
  const steps = chapters
    .flatMap((chapter) => chapter.steps)
    .map((step) => filledIn(step, { ingress: '192.0.2.2', echo: '192.0.2.3' }));
  const inputs = steps.flatMap(({ input }) => (input?.includes('xip.io') ? [input] : []));
  assert.equal(inputs.length, 2);
  assert.doesNotMatch(JSON.stringify(steps), /backyards-demo/);
  for (const [index, host] of ['frontpage.192.0.2.2.xip.io', 'echo.192.0.2.3.xip.io'].entries()) {
    assert.deepEqual(new Set(inputs[index]?.match(/[\w.]+xip\.io/g)), new Set([host]));
  }
});
