// The demo as a newcomer has it, with its own load: `suggest --apply` on what it called, then `restricted`: nothing that ran
// breaks, everything else is stopped, and nothing is wider than what was seen. Ten minutes of it are not waited for: its load calls
// everything it ever calls within seconds, and the test waits until each of that was called thrice.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FlowBody, FlowsBody } from '../../src/server/wire.ts';
import { client, countsOutside, exitOf, program, startDemo } from '../support/demo.ts';
import { needs } from '../support/requires.ts';
import { until, untilFits } from '../support/until.ts';

const demo = 'backyards-demo';
/** What notifications calls from now on, beside what the demo calls by itself: ids come from httpbin.org. */
const requests = 'http://api.github.com/#1 https://api.stripe.com/v1/charges#1 http://hooks.slack.com/#1';
const called: readonly (readonly [workload: string, destination: string])[] = [
  ['idgen-v1', 'httpbin.org:80'],
  ['notifications-v1', 'api.github.com:80'],
  ['notifications-v1', 'api.stripe.com:443'],
  ['notifications-v1', 'hooks.slack.com:80'],
];

for (const [capture, capable] of [
  ['redirect', needs('root', 'iproute2', 'firewall')],
  ['proxy', needs()],
] as const) {
  describe(`suggestions for the demo with ${capture} capture`, capable, () => {
    it('let all of it go on when nothing else may leave', async (t) => {
      const own = program(t);
      const { child } = await startDemo(own, '--capture', capture);
      const sallyport = async (...args: readonly string[]) => {
        const { code, stdout, stderr } = await own.run(...args);
        assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
        return stdout;
      };
      const flows = async (): Promise<readonly FlowBody[]> => {
        const body: Pick<FlowsBody, 'flows'> = JSON.parse(await sallyport('traffic', '-o', 'json', '--since', '1h'));
        return body.flows;
      };
      const counts = async (kind: string) => {
        const ofKind = (await flows()).filter(({ destination }) => destination.kind === kind);
        return new Map(
          ofKind.map(({ source, destination, requests, connections }) => [
            `${source.workload} ${destination.host}:${destination.port}`,
            requests + connections,
          ]),
        );
      };
      const isCalled = (more: ReadonlyMap<string, number>) =>
        called.every(([workload, destination]) => (more.get(`${workload} ${destination}`) ?? 0) >= 3);
      /** Answers of 5xx to what was not stopped, by flow. */
      const failures = async () =>
        (await flows()).flatMap(({ source, destination, responses }) => {
          const failed = Object.entries(responses).flatMap(([code, count]) => (Number(code) >= 500 ? count : []));
          if (destination.kind === 'blocked' || failed.length === 0) return [];
          return `${source.workload} ${destination.host}: ${failed}`;
        });
      /** Inside a workload; the status that it saw, or 0 where nothing came back. */
      const ask = async (workload: string, url: string, namespace = demo): Promise<number> => {
        const asked = [process.execPath, client, '-s', '-k', '-o', '/dev/null', '-w', '%{http_code}', url];
        const { stdout } = await own.run('exec', `deploy/${workload}`, '-n', namespace, '--', ...asked);
        return Number(stdout);
      };

      await sallyport('set', 'env', 'deployment/notifications-v1', `REQUESTS=${requests}`, '-n', demo);
      await sallyport('rollout', 'status', 'deployment/notifications-v1', '-n', demo);
      await untilFits(() => counts('passthrough'), isCalled, 60_000);

      const suggested = JSON.parse(await sallyport('suggest', '-o', 'json'));
      const opened = suggested.items.flatMap(({ metadata, spec }: SuggestedEntry) => {
        assert.deepEqual([spec.exportTo, spec.hosts.length], [['.'], 1]);
        return spec.ports.map(({ number }) => `${metadata.namespace} ${spec.hosts[0]}:${number}`);
      });
      assert.deepEqual(opened.sort(), called.map(([, destination]) => `${demo} ${destination}`).sort());
      await sallyport('suggest', '--apply', '--yes');
      assert.equal(await sallyport('suggest'), '');
      assert.equal(await sallyport('analyze'), 'no mistakes found\n');

      // While the demo comes up some of it calls before others are there.
      const failedBefore = await failures();
      await sallyport('istio', 'outbound-traffic-policy', 'restricted');
      const stopped = async () => (await ask('frontpage-v1', 'http://pastebin.com/')) === 502;
      await until('the policy is in force', stopped, 20_000);
      const place = ['get', 'pod', 'internet', '-n', 'internet', '-o', 'jsonpath={.status.podIP}'];
      const address = (await sallyport(...place)).trim();
      const [before, arrived] = [await counts('external'), await countsOutside(address)];
      await untilFits(
        async () => {
          const now = await counts('external');
          return new Map([...now].map(([key, count]) => [key, count - (before.get(key) ?? 0)]));
        },
        isCalled,
        60_000,
      );
      const outside = await countsOutside(address);
      for (const [, destination] of called) {
        const host = destination.split(':')[0] ?? '';
        assert.ok((outside.get(host) ?? 0) > (arrived.get(host) ?? 0), `${host} is reached`);
      }
      assert.deepEqual(await failures(), failedBefore);
      const refused = () => counts('blocked').then((all) => [...all.keys()]);
      assert.deepEqual(await refused(), ['frontpage-v1 pastebin.com:80']);

      // Nobody else, and nothing else.
      await sallyport('run', '--name', 'stranger', '-n', 'elsewhere', '--detach', '--', 'sleep', 'infinity');
      const strange = async (url: string) => {
        const asked = [process.execPath, client, '-s', '-k', '-o', '/dev/null', '-w', '%{http_code}', url];
        return Number((await own.run('exec', 'stranger', '-n', 'elsewhere', '--', ...asked)).stdout);
      };
      const last = await countsOutside(address);
      for (const url of ['http://httpbin.org/', 'https://api.stripe.com/', 'http://api.github.com/']) {
        assert.notEqual(await strange(url), 200, url);
      }
      for (const url of [
        'https://hooks.slack.com/',
        'http://api.stripe.com/',
        'http://example.com/',
        'https://pastebin.com/',
      ]) {
        assert.notEqual(await ask('notifications-v1', url), 200, url);
      }
      const now = await countsOutside(address);
      for (const host of ['example.com', 'pastebin.com']) assert.equal(now.get(host), last.get(host), host);
      child.kill('SIGINT');
      await exitOf(child);
    });
  });
}

interface SuggestedEntry {
  readonly metadata: { readonly namespace: string };
  readonly spec: {
    readonly hosts: readonly string[];
    readonly exportTo: readonly string[];
    readonly ports: readonly { readonly number: number }[];
  };
}
