// Dry runs beside what then happens, for random configurations and random changes of them: workloads call, what they called is on
// record, the change is tried and then made, and they call again.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { DryRunBody, FlowBody } from '../../src/server/wire.ts';
import { worldObjects } from '../../src/verdict/testing/arbitrary-world.ts';
import { suiteScope } from './suite-scope.ts';
import { flowsOf } from './traffic.ts';
import { until } from './until.ts';
import { type Outcome, startVerdictMesh, type VerdictMesh } from './verdict-mesh.ts';

export interface DryRunSuite {
  readonly seed: number;
  /** Configurations with a change, with either capture. */
  readonly cases: number;
  /** Of the first of five outside addresses, by capture. */
  readonly addresses: { readonly redirect: number; readonly proxy: number };
}

export function holdOnConfigurations({ seed, cases, addresses }: DryRunSuite): void {
  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const scope = suiteScope();
      let mesh: VerdictMesh;

      before(async () => {
        mesh = await startVerdictMesh(scope, { capture, address: addresses[capture] });
      });

      const changes = fc.sample(fc.tuple(answered, answered), { seed, numRuns: cases });
      for (const [index, [present, change]] of changes.entries()) {
        it(`holds for change ${index} of seed ${seed}`, { timeout: 120_000 }, async () => {
          const { differences, claims } = await dryRunDifferences(mesh, present, change);
          const text = [present, change].map((all) => all.map((one) => JSON.stringify(one)).join('\n')).join('\n\n');
          assert.deepEqual(differences, [], text);
          assert.ok(claims > 10, `of ${claims} calls only something was said`);
        });
      }
    });
  }
}

/** Without TLS by proxies, to a port of its own: what a server outside takes where it is asked another way, no dry run knows. */
const answered = worldObjects.map((objects) =>
  objects.filter((one) => !/"targetPort"|"insecureSkipVerify"/.test(JSON.stringify(one))),
);

type Objects = Parameters<VerdictMesh['add']>[0];

/** What a dry run says of a call: that it passes afterwards, or does not. */
interface Claim {
  readonly outcome: Outcome;
  readonly passes: boolean;
  readonly why: string;
}

async function dryRunDifferences(verdicts: VerdictMesh, present: Objects, change: Objects) {
  const { mesh } = verdicts;
  // Waits for what the configuration means; whether that is so is held elsewhere.
  await verdicts.differences(present);
  const known = await settledOutcomes(verdicts);
  const file = join(mesh.data, 'change.yaml');
  writeFileSync(file, change.map((one) => JSON.stringify(one)).join('\n---\n'));
  const { stdout } = await mesh.cli('dry-run', '-f', file, '-o', 'json');
  rmSync(file);
  const told: DryRunBody = JSON.parse(stdout);
  await verdicts.add(change);
  const claims = known.flatMap(({ outcome, flow }) => claimOf(outcome, flow, told));
  const differences = await Promise.all(claims.map((claim) => differenceOf(verdicts, claim)));
  return { differences: differences.flat(), claims: claims.length };
}

interface Known {
  readonly outcome: Outcome;
  readonly flow: FlowBody;
}

/** Calls whose end is twice the same, as they are on record. What is not told as it was asked for is left out. */
async function settledOutcomes(verdicts: VerdictMesh): Promise<readonly Known[]> {
  let last = await verdicts.outcomes();
  const since = Date.now();
  let now = last;
  await until('calls end the same', async () => {
    [last, now] = [now, await verdicts.outcomes()];
    return now.every(({ seen }, index) => passes(seen) === passes(last[index]?.seen ?? ''));
  }).catch(() => undefined);
  const steady = now.filter(({ seen }, index) => passes(seen) === passes(last[index]?.seen ?? ''));
  let found: readonly Known[] = [];
  await until(
    'all of it is on record',
    async () => {
      const flows = (await flowsOf(verdicts.mesh)).filter(({ lastSeen }) => Date.parse(lastSeen) >= since);
      found = steady.flatMap((outcome) => {
        const flow = flowFor(outcome, flows);
        return flow === undefined ? [] : { outcome, flow };
      });
      return found.length === steady.length;
    },
    5000,
  ).catch(() => undefined);
  return found;
}

/** Of several the last. */
function flowFor({ source, attempt: { host, port } }: Outcome, flows: readonly FlowBody[]): FlowBody | undefined {
  const names = [host, `*.${host.split('.').slice(1).join('.')}`, `${host}.default.svc.cluster.local`];
  return flows
    .filter((flow) => flow.source.namespace === source.namespace && flow.source.workload === source.workload)
    .filter(({ destination }) => names.includes(destination.host) && destination.port === port)
    .toSorted((a, b) => b.lastSeen.localeCompare(a.lastSeen))[0];
}

function claimOf(outcome: Outcome, { source, destination, protocol }: FlowBody, told: DryRunBody): readonly Claim[] {
  const effect = told.effects.find(
    (one) =>
      one.source.namespace === source.namespace &&
      one.source.workload === source.workload &&
      one.destination.host === destination.host &&
      one.destination.port === destination.port &&
      one.protocol === protocol,
  );
  const was = passes(outcome.seen);
  const why = JSON.stringify(effect ?? 'nothing');
  switch (effect?.consequence) {
    case 'breaks':
      return [{ outcome, passes: false, why }];
    case 'opens':
      return [{ outcome, passes: true, why }];
    case 'may-break':
    case 'may-open':
      return [];
    default:
      return [{ outcome, passes: was, why }];
  }
}

async function differenceOf(
  verdicts: VerdictMesh,
  { outcome, passes: expected, why }: Claim,
): Promise<readonly string[]> {
  let seen = '';
  const asExpected = async () => {
    seen = (await verdicts.again(outcome)).seen;
    return passes(seen) === expected;
  };
  try {
    await until('what was foretold', asExpected, 6000);
    return [];
  } catch {
    const { source, attempt } = outcome;
    const { protocol, host, port, method = '', path = '' } = attempt;
    const asked = `${source.workload} ${protocol} ${host}:${port} ${method} ${path}`;
    return [`${asked}: saw ${outcome.seen}, then ${seen}; told: ${why}`];
  }
}

/** A server answered, or a proxy in its place with what is no refusal. */
function passes(seen: string): boolean {
  return seen !== 'closed' && !/^[45]\d\d$/.test(seen);
}
