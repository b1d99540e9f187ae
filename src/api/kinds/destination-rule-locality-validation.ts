// What can be wrong in which localities are preferred. Follows validateLocalityLbSetting of Istio's pkg/config/validation.
import { type FieldPath, problem, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import type { LoadBalancerSettings } from './destination-rule-load-balancer.ts';

type Setting = NonNullable<LoadBalancerSettings['localityLbSetting']>;

/** `leavesOut`: failing endpoints are left out, without which none is ever given up for one further away. */
export function* checkLocalitySetting(setting: Setting, path: FieldPath, leavesOut: boolean): Iterable<Finding> {
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if ([distribute, failover, failoverPriority].filter(({ length }) => length > 0).length > 1) {
    const message = 'only one of distribute, failover or failoverPriority can be set';
    yield problem('SP0802', path, message, 'keep one of them');
  }
  yield* checkDistribute(distribute, [...path, 'distribute']);
  yield* checkFailover(failover, [...path, 'failover']);
  if (failoverPriority.some((label) => label === '' || label.startsWith('='))) {
    yield problem('SP0811', [...path, 'failoverPriority'], 'a label has no name', 'write key or key=value');
  }
  if (!leavesOut && (failover.length > 0 || failoverPriority.length > 0)) {
    const message = 'locality failover has no effect without outlierDetection';
    yield warning('SP0816', path, message, 'add outlierDetection, such as consecutive5xxErrors: 5');
  }
}

/** The first entry that holds a proxy's locality counts, so narrower ones stand before wider ones. */
function* checkDistribute(list: NonNullable<Setting['distribute']>, path: FieldPath): Iterable<Finding> {
  const taken = new Map<string, string>();
  for (const [index, { from = '', to = {} }] of list.entries()) {
    const place = [...path, index];
    yield* checkLocality(from, [...place, 'from']);
    const before = parentsOf(from).find((parent) => taken.has(parent));
    if (before !== undefined) {
      const message = `locality ${shorten(from)} overlaps ${shorten(taken.get(before) ?? '')}`;
      yield problem('SP0811', [...place, 'from'], message, 'put it before, or keep one of them');
    } else if (from !== '') taken.set(parentsOf(from).at(-1) ?? '', from);
    yield* checkShares(to, [...place, 'to']);
  }
}

function* checkShares(shares: Readonly<Record<string, number>>, path: FieldPath): Iterable<Finding> {
  let sum = 0;
  for (const [locality, weight] of Object.entries(shares)) {
    sum += weight;
    yield* checkLocality(locality, [...path, locality]);
    if (weight > 0) continue;
    yield problem('SP0811', [...path, locality], 'locality weight must be in range [1, 100]', 'leave the locality out');
  }
  if (sum === 100) return;
  yield problem('SP0811', path, `total locality weight ${sum} != 100`, 'write weights such as 80 and 20');
}

/** All that hold the locality, the widest first, without `/*`: of `a/b/*` the empty one, which is `*`, `a` and `a/b`. */
function parentsOf(locality: string): readonly string[] {
  const parts = locality === '*' ? [] : locality.replace(/\/\*$/, '').split('/', 3);
  return [0, ...parts.keys().map((index) => index + 1)].map((length) => parts.slice(0, length).join('/'));
}

function* checkLocality(locality: string, path: FieldPath): Iterable<Finding> {
  const parts = locality.split('/');
  const wildcard = parts.findIndex((part) => part.includes('*'));
  const good = wildcard < 0 || (wildcard === parts.length - 1 && parts[wildcard] === '*');
  if (parts.length <= 3 && parts.every((part) => part !== '') && good) return;
  const message = `'${shorten(locality)}' is not a locality`;
  yield problem('SP0811', path, message, 'write region/zone/subzone, where * may stand in the last place');
}

function* checkFailover(list: NonNullable<Setting['failover']>, path: FieldPath): Iterable<Finding> {
  for (const [index, { from = '', to = '' }] of list.entries()) {
    const place = [...path, index];
    for (const [region, field] of [
      [from, 'from'],
      [to, 'to'],
    ] as const) {
      if (region !== '' && !/[/*]/.test(region)) continue;
      const message = `'${shorten(region)}' is not a region`;
      yield problem('SP0811', [...place, field], message, 'write a region alone, such as us-east');
    }
    if (from !== to || from === '') continue;
    const message = 'locality lb failover settings must specify different regions';
    yield problem('SP0811', place, message, 'name another region');
  }
}
