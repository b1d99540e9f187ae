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

function* checkDistribute(list: NonNullable<Setting['distribute']>, path: FieldPath): Iterable<Finding> {
  const sources = list.map(({ from = '' }) => from);
  for (const [index, { from = '', to = {} }] of list.entries()) {
    const place = [...path, index];
    yield* checkLocality(from, [...place, 'from']);
    const twice = sources.findIndex((other, before) => before < index && covers(other, from));
    if (twice >= 0) {
      const message = `locality ${shorten(from)} overlaps ${shorten(sources[twice] ?? '')}`;
      yield problem('SP0811', [...place, 'from'], message, 'keep one of them, or make them apart');
    }
    for (const locality of Object.keys(to)) yield* checkLocality(locality, [...place, 'to', locality]);
    const sum = Object.values(to).reduce((total, weight) => total + weight, 0);
    if (sum === 100) continue;
    yield problem('SP0811', [...place, 'to'], `total locality weight ${sum} != 100`, 'write weights such as 80 and 20');
  }
}

/** Either takes something of the other. */
function covers(a: string, b: string): boolean {
  const [one, two] = [a.split('/'), b.split('/')];
  for (let depth = 0; depth < Math.max(one.length, two.length); depth++) {
    if (one[depth] === '*' || two[depth] === '*') return true;
    if (one[depth] !== two[depth]) return false;
  }
  return true;
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
