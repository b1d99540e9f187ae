// `sallyport check` as a person uses it: what it says is what `exec curl` then gets, its exit code says the same, and the change
// that it proposes, applied as it is printed, lets the call out.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type CommandOutcome, serviceEntry, startMesh, type TestMesh } from '../support/mesh.ts';
import {
  authorizationPolicy,
  egressPolicy,
  gateway,
  gatewayPort,
  meshGateway,
  outboundPolicy,
  sidecar,
  virtualService,
} from '../support/networking.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const both = [
  { number: 80, name: 'http', protocol: 'HTTP' },
  { number: 443, name: 'tls', protocol: 'TLS' },
];
const web = [{ selector: { matchLabels: { app: 'web' } } }];
const outbound = { annotations: { 'egress.sallyport.dev/bound-to': 'outbound' } };
const gatewayHost = 'egress.default.svc.cluster.local';

interface Case {
  readonly what: string;
  readonly who: string;
  readonly url: string;
  readonly objects: string;
  /** What curl gets: a status, or `000` where there was no answer. */
  readonly seen: string;
  /** A line of the answer. */
  readonly says: RegExp;
  readonly mends?: boolean;
}

describe('sallyport check', needs('root', 'iproute2', 'firewall', 'curl'), () => {
  const scope = suiteScope();
  const address = outsideAddress(147);
  let mesh: TestMesh;

  before(async () => {
    await startOutsideHttp({ t: scope, address, port: 80 });
    await startOutsideHttp({ t: scope, address, port: 443, tls: true });
    const resolve = ['api', 'b', 'x.wild'].flatMap((name) => ['--resolve', `${name}.test=${address}`]);
    mesh = await startMesh(scope, { up: ['--capture', 'redirect', ...resolve] });
    const router = meshGateway('egress', { type: 'egress', ports: [gatewayPort('http', 80, 8080)] });
    await mesh.apply(outboundPolicy('REGISTRY_ONLY') + router);
    await mesh.run('run', '--name', 'web', '--label', 'app=web', '--detach', '--', 'sleep', 'infinity');
    await mesh.run('run', '--name', 'pay', '--service-account', 'pay', '--detach', '--', 'sleep', 'infinity');
    await mesh.run('rollout', 'status', 'deployment/egress');
  });

  const api = serviceEntry('api', { hosts: ['api.test'], ports: both });
  const out = gateway('out', {
    selector: { 'gateway-name': 'egress' },
    servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['api.test'] }],
  });
  const through = virtualService('through', {
    hosts: ['api.test'],
    gateways: ['mesh', 'out'],
    http: [
      { match: [{ gateways: ['mesh'] }], route: [{ destination: { host: gatewayHost, port: { number: 80 } } }] },
      { match: [{ gateways: ['out'] }], route: [{ destination: { host: 'api.test', port: { number: 80 } } }] },
    ],
  });
  const originated = JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'tls' },
    spec: {
      host: 'api.test',
      trafficPolicy: {
        portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'SIMPLE', insecureSkipVerify: true } }],
      },
    },
  });

  const cases: readonly Case[] = [
    {
      what: 'a registered host',
      who: 'web',
      url: 'http://api.test/x',
      objects: api,
      seen: '200',
      says: /outside api\.test:80, registered by ServiceEntry\/default\/api/,
    },
    {
      what: 'a registered host by TLS',
      who: 'web',
      url: 'https://api.test/',
      objects: api,
      seen: '200',
      says: /-> outbound\|443\|\|api\.test/,
    },
    {
      what: 'a host that nobody registered',
      who: 'web',
      url: 'http://b.test/',
      objects: '',
      seen: '502',
      says: /the caller sees status 502/,
      mends: true,
    },
    {
      what: 'the same by TLS',
      who: 'web',
      url: 'https://b.test/',
      objects: '',
      seen: '000',
      says: /its connection closed/,
      mends: true,
    },
    {
      what: 'an address',
      who: 'web',
      url: `http://${address}/`,
      objects: '',
      seen: '502',
      says: /no ServiceEntry registers 198\.51/,
      mends: true,
    },
    {
      what: 'a way through a gateway',
      who: 'web',
      url: 'http://api.test/',
      objects: api + out + through,
      seen: '200',
      says: /gateway default\/egress by route api\.test:80\|default\/through/,
    },
    {
      what: 'TLS that the proxy begins',
      who: 'web',
      url: 'http://api.test/',
      objects:
        serviceEntry('api', {
          hosts: ['api.test'],
          ports: [{ number: 80, name: 'http', protocol: 'HTTP', targetPort: 443 }],
        }) + originated,
      seen: '200',
      says: /TLS originated here/,
    },
    {
      what: 'a Sidecar that hides it',
      who: 'web',
      url: 'http://api.test/',
      objects: api + sidecar('narrow', { egress: [{ hosts: ['istio-system/*'] }] }),
      seen: '502',
      says: /decided by Sidecar\/default\/narrow/,
      mends: true,
    },
    {
      what: 'an EgressPolicy for others',
      who: 'pay',
      url: 'http://api.test/',
      objects: egressPolicy('own', { from: web, hosts: ['api.test'] }),
      seen: '403',
      says: /decided by EgressPolicy\/default\/own/,
      mends: true,
    },
    {
      what: 'the same for its own',
      who: 'web',
      url: 'http://api.test/',
      objects: egressPolicy('own', { from: web, hosts: ['api.test'] }),
      seen: '200',
      says: /registered by EgressPolicy\/default\/own/,
    },
    {
      what: 'an AuthorizationPolicy that allows other things',
      who: 'web',
      url: 'http://api.test/v2',
      objects: api + authorizationPolicy('own', { rules: [{ to: [{ operation: { paths: ['/v1/*'] } }] }] }, outbound),
      seen: '403',
      says: /decided by AuthorizationPolicy\/default\/own/,
      mends: true,
    },
    {
      what: 'a host below a wildcard',
      who: 'web',
      url: 'https://x.wild.test/',
      objects: serviceEntry('wild', { hosts: ['*.wild.test'], ports: both, resolution: 'DYNAMIC_DNS' }),
      seen: '200',
      says: /outside \*\.wild\.test:443/,
    },
    {
      what: 'an entry of another namespace for itself',
      who: 'web',
      url: 'http://api.test/',
      objects: serviceEntry('api', { hosts: ['api.test'], ports: both, exportTo: ['.'] }, { namespace: 'apart' }),
      seen: '502',
      says: /add the namespace default to exportTo of ServiceEntry\/apart\/api/,
      mends: true,
    },
  ];

  async function curl(who: string, url: string): Promise<string> {
    const args = ['-sk', '-m', '5', '-o', '/dev/null', '-w', '%{http_code}', url];
    return (await mesh.cli('exec', who, '--', 'curl', ...args)).stdout.trim();
  }

  async function sees(who: string, url: string, wanted: string): Promise<void> {
    await until(`${who} gets ${wanted} from ${url}`, async () => (await curl(who, url)) === wanted);
  }

  function changeIn({ stdout }: CommandOutcome): string {
    return stdout.slice(stdout.indexOf('---\n'));
  }

  for (const { what, who, url, objects, seen, says, mends = false } of cases) {
    it(`${what}: says what ${who} then gets from ${url}`, async () => {
      if (objects !== '') await mesh.apply(objects);
      await sees(who, url, seen);
      const answer = await mesh.cli('check', who, url);
      assert.match(answer.stdout, says);
      assert.equal(answer.code, seen === '200' ? 0 : 1, answer.stdout + answer.stderr);
      assert.match(answer.stdout, seen === '200' ? /^allowed: / : /^refused: /);
      const proposed = mends ? changeIn(answer) : '';
      if (mends) {
        await mesh.apply(proposed);
        await sees(who, url, '200');
        assert.equal((await mesh.cli('check', who, url)).code, 0);
      }
      const all = [proposed, objects].filter((yaml) => yaml !== '').join('\n---\n');
      if (all !== '') await mesh.remove(all);
    });
  }

  it('tells of a workload that does not run what the one that runs is told', async () => {
    const yaml = egressPolicy('own', { from: [{ serviceAccounts: ['pay'] }], hosts: ['api.test'] });
    await mesh.apply(yaml);
    await sees('pay', 'http://api.test/', '200');
    assert.equal((await mesh.cli('check', '--service-account', 'pay', 'http://api.test/')).code, 0);
    assert.equal((await mesh.cli('check', '--service-account', 'other', 'http://api.test/')).code, 1);
    await mesh.remove(yaml);
  });

  it('says what it depends on, with both ways', async () => {
    const halves = ['api.test', 'nobody.test'].map((host) => ({
      destination: { host, port: { number: 80 } },
      weight: 50,
    }));
    await mesh.apply(api + virtualService('halves', { hosts: ['api.test'], http: [{ route: halves }] }));
    const { code, stdout } = await until('it depends', async () => {
      const answer = await mesh.cli('check', 'deploy/web', 'http://api.test/');
      return answer.stdout.startsWith('depends: ') && answer;
    });
    assert.equal(code, 0);
    assert.match(
      stdout,
      /if by weight, in 50% of cases, it goes to nobody\.test:80:\n {4}sidecar [^\n]*\n {4}the caller sees status 503/,
    );
  });

  it('tells a mistake in what is asked with the forms that there are', async () => {
    const unknown = await mesh.cli('check', 'web', 'ftp://api.test');
    assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
    assert.match(unknown.stderr, /tcp:\/\/host:port/);
    assert.equal((await mesh.cli('check', 'web')).code, 2);
    assert.match(
      (await mesh.cli('check', 'nobody', 'http://api.test')).stderr,
      /there are pay, web|there are egress, pay, web/,
    );
  });
});
