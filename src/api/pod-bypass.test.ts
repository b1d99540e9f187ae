import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPath } from './finding.ts';
import { checkPodBypass, podRanges } from './pod-bypass.ts';

const prefix = 'traffic.sidecar.istio.io/';

for (const [name, value, warns] of [
  ['includeOutboundIPRanges', '*', false],
  ['includeOutboundIPRanges', '', true],
  ['includeOutboundIPRanges', '10.0.0.0/8', true],
  ['excludeOutboundIPRanges', '', false],
  ['excludeOutboundIPRanges', '0.0.0.0/0', true],
  ['excludeOutboundPorts', '443', true],
  ['includeOutboundPorts', '9000', true],
  ['excludeInterfaces', '', false],
  ['excludeInterfaces', 'eth1', true],
  ['includeInboundPorts', '80', false],
] as const) {
  test(`${name} of '${value}' is ${warns ? '' : 'not '}named`, () => {
    const findings = [...checkPodBypass({ [`${prefix}${name}`]: value }, ['metadata'])];
    const expected = warns ? [`SP0405 warning metadata.annotations["${prefix}${name}"]`] : [];
    assert.deepEqual(
      findings.map(({ code, severity, path }) => `${code} ${severity} ${formatPath(path)}`),
      expected,
    );
  });
}

test('a pod without annotations has nothing to say', () => assert.deepEqual([...checkPodBypass(undefined, [])], []));

for (const [annotations, expected] of [
  [{}, undefined],
  [{ excludeOutboundPorts: '443' }, undefined],
  [{ includeOutboundIPRanges: '*' }, { include: ['0.0.0.0/0'] }],
  [{ includeOutboundIPRanges: '' }, { include: ['0.0.0.0/0'] }],
  [{ includeOutboundIPRanges: '10.0.0.0/8, ten' }, { include: ['0.0.0.0/0'] }],
  [{ includeOutboundIPRanges: '10.0.0.0/8' }, { include: ['10.0.0.0/8'] }],
  [{ excludeOutboundIPRanges: '10.0.0.0/8,ten,fd00::/8' }, { exclude: ['10.0.0.0/8', 'fd00::/8'] }],
] as const) {
  test(`${JSON.stringify(annotations)} asks for ${JSON.stringify(expected)}`, () => {
    const whole = Object.fromEntries(Object.entries(annotations).map(([name, value]) => [prefix + name, value]));
    assert.deepEqual(podRanges(whole), expected);
  });
}
