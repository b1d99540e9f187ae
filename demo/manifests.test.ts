// The manifests against our own validation, and against what the stories need.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeManifests } from '../src/api/decode.ts';
import type { Deployment } from '../src/api/kinds/deployment.ts';
import type { KubeObject } from '../src/api/object.ts';
import { parseRequests } from './app/requests.ts';
import { applicationObjects, internetObjects } from './manifests.ts';

const options = {
  namespace: 'backyards-demo',
  node: process.execPath,
  folder: import.meta.dirname,
  address: '198.51.100.7',
  pki: '/data/demo/pki',
};
const application = applicationObjects(options);
const all = [...application, ...internetObjects(options)];

function isDeployment(object: KubeObject): object is Deployment {
  return object.kind === 'Deployment';
}

const deployments = application.filter(isDeployment);

function envOf(name: string): ReadonlyMap<string, string | undefined> {
  const { spec } = deployments.find(({ metadata }) => metadata.name === name) ?? assert.fail(`no Deployment ${name}`);
  return new Map(spec.template.spec.containers[0]?.env?.map(({ name, value }) => [name, value]));
}

test('all of it passes our own validation', () => {
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: all });
  const { objects, diagnostics } = decodeManifests(text, 'demo');
  assert.deepEqual(diagnostics, []);
  assert.equal(objects.length, all.length);
});

test('the Deployments, the Services and their ports', () => {
  assert.deepEqual(
    deployments.map(({ metadata }) => metadata.name),
    [
      ...['frontpage-v1', 'catalog-v1', 'movies-v1', 'movies-v2', 'movies-v3', 'bookings-v1', 'analytics-v1'],
      ...['payments-v1', 'notifications-v1', 'database-v1', 'bombardier', 'idgen-v1', 'recipes-v1', 'visitors'],
    ],
  );
  const services = new Map(
    decodeManifests(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: application }), 'demo')
      .objects.filter(({ kind }) => kind.kind === 'Service')
      .map(({ object }) => [object.metadata.name, object.spec]),
  );
  const ports = [
    { name: 'http', port: 8080, targetPort: 8080 },
    { name: 'grpc', port: 8082, targetPort: 8082 },
    { name: 'tcp', port: 8083, targetPort: 8083 },
  ];
  assert.deepEqual(services.get('movies'), { selector: { app: 'movies' }, ports });
  assert.equal(services.size, 10);
});

test('who calls whom, as the stories tell it', () => {
  assert.equal(envOf('frontpage-v1').get('REQUESTS'), 'http://catalog:8080/#2 http://bookings:8080#1');
  assert.equal(envOf('catalog-v1').get('REQUESTS'), 'grpc://movies:8082/allspark/Incoming#1');
  assert.equal(envOf('movies-v3').get('REQUESTS'), 'tcp://database:8083/#1');
  assert.equal(envOf('frontpage-v1').get('ECHO_STR'), 'frontpage');
  // The first story sets it.
  assert.equal(envOf('notifications-v1').has('REQUESTS'), false);
  const named = new Set(application.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name));
  for (const { metadata } of deployments) {
    const env = envOf(metadata.name);
    const requests = parseRequests(env.get('REQUESTS') ?? '').map(({ host }) => host);
    const targets = [env.get('TARGET'), env.get('IDGEN')].flatMap((url) => (url ? [new URL(url).hostname] : []));
    for (const host of [...requests, ...targets]) assert.ok(named.has(host), `${metadata.name} calls ${host}`);
  }
});

test('every program is there', () => {
  const containers = deployments.flatMap(({ spec }) => spec.template.spec.containers);
  assert.equal(containers.length, deployments.length);
  for (const { command = [], name } of containers) {
    assert.equal(command[0], process.execPath);
    assert.ok(existsSync(command[1] ?? ''), name);
  }
  const internet = join(options.folder, 'internet/main.ts');
  assert.ok(existsSync(internet));
  assert.ok(JSON.stringify(internetObjects(options)).includes(JSON.stringify([options.node, internet])));
});

test('the internet and each instance of the database outside are pods on the host at addresses of their own', () => {
  const [namespace, ...pods] = internetObjects(options);
  assert.equal(namespace?.metadata.name, 'internet');
  assert.deepEqual(
    pods.map(({ metadata }) => [metadata.name, metadata.annotations?.['egress.sallyport.dev/host-address']]),
    [
      ['internet', '198.51.100.7'],
      ['orders-db-eu-west-1', '203.0.113.7'],
      ['orders-db-us-east-1', '192.0.2.7'],
    ],
  );
  for (const { spec } of pods) {
    assert.ok(typeof spec === 'object' && spec !== null && 'hostNetwork' in spec && spec.hostNetwork);
  }
});
