// Verdicts know everything that the golden cases are made of: what is new to the builders must be made known to them first. Every
// host of a case is asked for in every way on every port, with nothing known of the request, so that all its routes are looked at.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { decodeManifests } from '../api/decode.ts';
import { type ProxyIdentity, typeUrls, type View } from '../discovery/view.ts';
import type { Capture } from '../xds/capture.ts';
import { mirrors } from '../xds/names.ts';
import type { Attempt } from './attempt.ts';
import { createObjectWorld } from './object-world.ts';
import { playAll } from './questions.ts';
import { domainsOf } from './reading/domains.ts';
import { enterListener } from './walk/listener.ts';
import { type Payload, requestOf } from './walk/request.ts';
import { openHop, type Walk } from './walk/walk.ts';
import type { World } from './world.ts';

const folder = join(import.meta.dirname, '../../test/golden');
const cases = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());

const portRule = z.object({
  host: z.string(),
  port: z.number().exactOptional(),
  address: z.string(),
  targetPort: z.number().exactOptional(),
});
const captureFile = z.object({ kind: z.literal('proxy'), portRules: z.array(portRule) });
const proxyFile = z.object({
  type: z.enum(['sidecar', 'router']),
  namespace: z.string(),
  labels: z.record(z.string(), z.string()),
});

function readYaml<T>(name: string, file: string, schema: z.ZodType<T>): T | undefined {
  const path = join(folder, name, file);
  return existsSync(path) ? schema.parse(parse(readFileSync(path, 'utf8'))) : undefined;
}

const golden = { name: 'p', workload: 'p', serviceAccount: 'default', nodeId: 'sidecar~10.0.0.1~p.default~x' };

for (const { name } of cases) {
  test(`nothing of golden ${name} is unknown to verdicts`, () => {
    const { objects } = decodeManifests(readFileSync(join(folder, name, 'input.yaml'), 'utf8'), name);
    const capture: Capture = readYaml(name, 'capture.yaml', captureFile) ?? { kind: 'redirect' };
    const given = readYaml(name, 'proxy.yaml', proxyFile) ?? { type: 'sidecar', namespace: 'default', labels: {} };
    const identity = { ...golden, ...given };
    const world = createObjectWorld({ objects: objects.map(({ object }) => object), capture, strict: true });
    const view = world.viewOf(identity);
    for (const attempt of attemptsOn(view)) {
      if (identity.type === 'sidecar') world.verdictOf(identity, attempt);
      enterAll(world, identity, attempt);
    }
  });
}

/** Every listener, as if the connection had got there. */
function enterAll({ viewOf }: World, identity: ProxyIdentity, attempt: Attempt): void {
  const view = viewOf(identity);
  for (const listener of view.resources(typeUrls.listener).values()) {
    // Copies, whose answers nobody gets.
    if (listener.name === mirrors) continue;
    playAll((questions) => {
      const trustDomain = 'cluster.local';
      const resolve = () => undefined;
      const proxies = { viewOf, at: resolve, callsFrom: resolve, service: resolve, resolve, trustDomain };
      const walk: Walk = { questions, hops: [], proxies };
      const request = requestOf(attempt, 'http', questions);
      const tls: Payload = { kind: 'tls', sni: attempt.host, alpn: [], inside: request };
      const payloads = {
        http: request,
        grpc: { kind: 'tls', sni: 'mesh', alpn: ['istio'], peer: 'spiffe://cluster.local/ns/x/sa/y', inside: request },
        tls: { kind: 'tls', sni: attempt.host, alpn: ['istio'], peer: 'spiffe://cluster.local/ns/x/sa/y', inside: tls },
        tcp: { kind: 'bytes' },
      } as const;
      const proxy = { identity, view, hop: openHop(identity), inbound: listener.name === 'virtualInbound' };
      const place = { subject: 'its address', address: attempt.address };
      const arriving = { source: '10.9.9.9', peer: undefined, sni: '', state: new Map<string, string>() };
      enterListener(walk, proxy, listener, {
        ...arriving,
        place,
        port: attempt.port,
        payload: payloads[attempt.protocol],
      });
    }, JSON.stringify);
  }
}

function* attemptsOn(view: View): Iterable<Attempt> {
  const hosts = new Set(['unknown.test', '192.0.2.200']);
  for (const { name } of view.resources(typeUrls.cluster).values()) hosts.add(name.split('|')[3] ?? name);
  for (const resource of view.resources(typeUrls.virtualHost).values()) {
    for (const domain of domainsOf(resource)) hosts.add(domain.replace('*', 'x').replace(/:\d+$/, ''));
  }
  const places = [...view.resources(typeUrls.listener).keys()].map((name) => /^([\d.]+)_(\d+)$/.exec(name) ?? []);
  const ports = new Set([80, 443, 9999, ...places.map(([, , port]) => Number(port ?? 80))]);
  const addresses = [
    undefined,
    ...places.flatMap(([, address]) => (address === undefined || address === '0.0.0.0' ? [] : address)),
  ];
  for (const host of hosts) {
    for (const port of ports) {
      for (const protocol of ['http', 'grpc', 'tls', 'tcp'] as const) yield { protocol, host, port };
    }
  }
  for (const address of addresses) {
    if (address === undefined) continue;
    for (const port of ports) yield { protocol: 'tcp', host: address, port, address };
  }
}
