// EgressTests held against a world: one result for each thing that a test expects. Pure; nothing is sent anywhere.
import { formatPath } from '../api/finding.ts';
import type { EgressTest, EgressTestCall } from '../api/kinds/egress-test.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import type { World } from '../verdict/world.ts';
import { attemptOf, type Call, callOf, textOf, type Way } from './call.ts';
import { callerOf, nameOf } from './caller.ts';
import { failsToReach, getsOut } from './judge.ts';
import { othersThan } from './nobody-else.ts';
import { attemptsBeside } from './nothing-else.ts';
import type { Expectation, Failure, TestResult, TestRun } from './result.ts';

/** In the order of the tests. `all`: with those that are not run, which say whom nobodyElse leaves out. */
export function runTests(tests: readonly EgressTest[], world: World, all = tests): TestRun {
  const results = tests.map((test): TestResult => {
    const { name, namespace = 'default' } = test.metadata;
    return { namespace, name, expectations: expectationsOf(test, all, world) };
  });
  const found = results.flatMap(({ expectations }) => expectations);
  const passed = found.filter((one) => one.passed).length;
  return { tests: results, passed, failed: found.length - passed };
}

function expectationsOf(test: EgressTest, tests: readonly EgressTest[], world: World): readonly Expectation[] {
  const caller = callerOf(test, world);
  if (caller === undefined) return [nobody(test)];
  const asking = { world, caller, who: nameOf(caller) };
  const { mayReach = [], mayNotReach = [], nothingElse = false, nobodyElse = false } = test.spec;
  const may = mayReach.flatMap((call) => callOf(call) ?? []);
  return [
    ...mayReach.flatMap((call, index) => mayReachOne(asking, call, index)),
    ...mayNotReach.flatMap((call, index) => mayNotReachOne(asking, call, index)),
    ...(nothingElse ? [reachesNothingElse(asking, may)] : []),
    ...(nobodyElse ? [nobodyElseReaches(test, tests, world, may)] : []),
  ];
}

interface Asking {
  readonly world: World;
  readonly caller: ProxyIdentity;
  readonly who: string;
}

function mayReachOne(asking: Asking, text: EgressTestCall, index: number): readonly Expectation[] {
  const call = callOf(text);
  if (call === undefined) return [];
  const failure = failsToReach({ ...asking, attempt: attemptOf(call), call: call.text }, call);
  const title = `${asking.who} may reach ${call.text}${wayText(call)}`;
  return [expectation(['spec', 'mayReach', index], title, 1, failure === undefined ? [] : [failure])];
}

function wayText({ through, tls }: Way): string {
  const how = { 'as-sent': ' as it is sent', originated: ' with TLS originated' };
  return `${through === undefined ? '' : ` through ${through}`}${tls === undefined ? '' : how[tls]}`;
}

function mayNotReachOne(asking: Asking, text: EgressTestCall, index: number): readonly Expectation[] {
  const call = callOf(text);
  if (call === undefined) return [];
  const failure = getsOut({ ...asking, attempt: attemptOf(call), call: call.text });
  const title = `${asking.who} may not reach ${call.text}`;
  return [expectation(['spec', 'mayNotReach', index], title, 1, failure === undefined ? [] : [failure])];
}

function reachesNothingElse(asking: Asking, calls: readonly Call[]): Expectation {
  const attempts = [...attemptsBeside(asking.world.mesh, calls)];
  const failures = attempts.flatMap((attempt) => getsOut({ ...asking, attempt, call: textOf(attempt) }) ?? []);
  const title = `${asking.who} may reach nothing else outside`;
  return expectation(['spec', 'nothingElse'], title, attempts.length, failures);
}

function nobodyElseReaches(
  test: EgressTest,
  tests: readonly EgressTest[],
  world: World,
  calls: readonly Call[],
): Expectation {
  const others = othersThan(test, tests, world);
  const asked = calls.flatMap((call) => {
    const attempt = attemptOf(call);
    return others
      .filter((other) => !other.isLet(attempt))
      .map(({ caller, who }) => ({ world, caller, who, attempt, call: call.text }));
  });
  const failures = asked.flatMap((one) => getsOut(one) ?? []);
  return expectation(['spec', 'nobodyElse'], 'nobody else may reach any of these', asked.length, failures);
}

function nobody({ metadata, spec }: EgressTest): Expectation {
  const { namespace = 'default' } = metadata;
  const workload = `${namespace}/${spec.from.workload ?? ''}`;
  const failure: Failure = {
    caller: '',
    call: '',
    outcome: 'nothing could be tried',
    when: [],
    reason: `there is no workload ${workload}; add its Deployment, or write labels and serviceAccount in its place`,
    object: 'default',
  };
  return expectation(['spec', 'from', 'workload'], `${workload} is a workload`, 0, [failure]);
}

function expectation(
  path: readonly (string | number)[],
  title: string,
  tried: number,
  failures: readonly Failure[],
): Expectation {
  return { path: formatPath(path), title, passed: failures.length === 0, tried, failures };
}
