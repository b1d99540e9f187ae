import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPath } from './finding.ts';
import { checkPodBypass } from './pod-bypass.ts';

const prefix = 'traffic.sidecar.istio.io/';

for (const [name, value, warns] of [
  ['includeOutboundIPRanges', '*', false],
  ['includeOutboundIPRanges', '', true],
  ['includeOutboundIPRanges', '10.0.0.0/8', true],
  ['excludeOutboundIPRanges', '', false],
  ['excludeOutboundIPRanges', '0.0.0.0/0', true],
  ['excludeOutboundPorts', '443', true],
  ['includeOutboundPorts', '9000', true],
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
