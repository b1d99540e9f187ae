// On the running demo `dry-run restricted` names exactly the calls of its own load that fail when the policy is really set: by flows,
// by decisions, and by what its internet then gets.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { DryRunBody, FlowBody, FlowsBody } from '../../src/server/wire.ts';
import type { Decision } from '../../src/telemetry/decision.ts';
import { countsOutside, exitOf, program, startDemo } from '../support/demo.ts';
import { needs } from '../support/requires.ts';
import { until } from '../support/until.ts';

const demo = 'backyards-demo';
/** What notifications calls from now on: some of it registered, some of it on one port only. */
const requests = [
  'http://api.github.com/#1',
  'https://api.github.com/#1',
  'https://api.stripe.com/v1/charges#1',
  'http://de.wikipedia.org/#1',
  'http://hooks.slack.com/#1',
].join(' ');

const entries = [
  ['github', 'api.github.com', { number: 80, name: 'http', protocol: 'HTTP' }],
  ['stripe', 'api.stripe.com', { number: 443, name: 'tls', protocol: 'TLS' }],
  ['wikipedia', 'de.wikipedia.org', { number: 80, name: 'http', protocol: 'HTTP' }],
] as const;

const registered = entries.map(([name, host, port]) =>
  JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: demo },
    spec: { hosts: [host], ports: [port], resolution: 'DNS' },
  }),
);

type Call = Pick<FlowBody, 'source' | 'destination'>;

/** As what it passes, or is refused, hangs on the capture. */
function nameOf({ source, destination: { host, port } }: Call): string {
  return `${source.namespace}/${source.workload} ${host}:${port}`;
}

for (const [capture, capable] of [
  ['redirect', needs('root', 'iproute2', 'firewall')],
  ['proxy', needs()],
] as const) {
  describe(`a dry run of the demo with ${capture} capture`, capable, () => {
    it('names exactly what then fails', async (t) => {
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
      const file = join(own.data, 'registered.yaml');
      writeFileSync(file, registered.join('\n---\n'));
      await sallyport('apply', '-f', file);
      await sallyport('set', 'env', 'deployment/notifications-v1', `REQUESTS=${requests}`, '-n', demo);
      await sallyport('rollout', 'status', 'deployment/notifications-v1', '-n', demo);
      const expected = [
        `${demo}/idgen-v1 httpbin.org:80`,
        `${demo}/notifications-v1 api.github.com:443`,
        `${demo}/notifications-v1 hooks.slack.com:80`,
      ];
      const recorded = await until(
        'all of it was called',
        async () => {
          const all = await flows();
          const names = all.filter(({ destination }) => destination.kind !== 'service').map(nameOf);
          return new Set(names).size === expected.length + registered.length && all;
        },
        60_000,
      );

      const told: DryRunBody = JSON.parse(await sallyport('dry-run', 'restricted', '-o', 'json'));
      assert.deepEqual(told.notJudged, { gone: 0, other: 0, entering: 0 });
      assert.ok(told.judged >= recorded.length);
      const breaks = new Map(told.effects.map((effect) => [nameOf(effect), effect]));
      assert.deepEqual(
        told.effects.map((effect) => `${effect.consequence} ${nameOf(effect)}`).sort(),
        expected.map((name) => `breaks ${name}`),
      );

      await sallyport('istio', 'outbound-traffic-policy', 'restricted');
      await until('the first is refused', async () => (await flows()).some(isBlocked), 20_000);
      // What had begun before has ended by then.
      const since = Date.now() + 3000;
      const seenLater = (flow: FlowBody) => Date.parse(flow.lastSeen) > since;
      const place = ['get', 'pod', 'internet', '-n', 'internet', '-o', 'jsonpath={.status.podIP}'];
      const address = (await sallyport(...place)).trim();
      await until('that has passed', async () => Date.now() > since);
      const before = await countsOutside(address);
      const later = await until(
        'all of it was called again',
        async () => {
          const now = (await flows()).filter(seenLater);
          const names = new Set(now.map(nameOf));
          return recorded.every((flow) => names.has(nameOf(flow))) && now;
        },
        60_000,
      );
      const failed = later.filter(isBlocked);
      assert.deepEqual(failed.map(nameOf).sort(), expected);
      const passed = later.filter((flow) => !isBlocked(flow)).map(nameOf);
      assert.deepEqual(
        passed.filter((name) => breaks.has(name)),
        [],
      );
      // Nobody outside has got any of it since; what is registered has arrived.
      const after = await countsOutside(address);
      const more = (host: string) => (after.get(host) ?? 0) - (before.get(host) ?? 0);
      for (const host of ['httpbin.org', 'hooks.slack.com']) assert.equal(more(host), 0, host);
      for (const host of ['api.github.com', 'api.stripe.com', 'de.wikipedia.org']) assert.ok(more(host) > 0, host);
      // In the very words in which it was told before.
      const lines = (await sallyport('logs', '--decisions', '-o', 'json', '--tail', '10000')).trim().split('\n');
      const decisions = lines.map((line): Decision => JSON.parse(line)).filter(({ verdict }) => verdict === 'blocked');
      assert.deepEqual([...new Set(decisions.map(nameOf))].sort(), expected);
      for (const decision of decisions) {
        const { changed } = breaks.get(nameOf(decision)) ?? {};
        assert.deepEqual([changed?.object, changed?.reason], [decision.object, decision.reason]);
        if (decision.protocol === 'http') assert.equal(changed?.sees, Number(decision.outcome.code));
      }
      child.kill('SIGINT');
      await exitOf(child);
    });
  });
}

function isBlocked({ destination }: FlowBody): boolean {
  return destination.kind === 'blocked';
}
