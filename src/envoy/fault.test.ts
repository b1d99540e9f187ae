// Shares of requests become fractions that Envoy takes exactly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { faultOnRoute } from './fault.ts';
import { HTTPFaultSchema } from './gen/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import { FractionalPercent_DenominatorType } from './gen/envoy/type/v3/percent_pb.js';

for (const [percent, millionths] of [
  [100, 1_000_000],
  [0.1, 1000],
  [0.0001, 1],
  [33.3333, 333_333],
  [0.07, 700],
  [0, 0],
] as const) {
  test(`${percent} % are ${millionths} of a million`, () => {
    const [config] = Object.values(faultOnRoute({ abort: { status: 418, percent }, delay: { ms: 5, percent } }));
    assert.ok(config !== undefined);
    const fault = anyUnpack(config, HTTPFaultSchema);
    for (const percentage of [fault?.abort?.percentage, fault?.delay?.percentage]) {
      assert.equal(percentage?.numerator, millionths);
      assert.equal(percentage?.denominator, FractionalPercent_DenominatorType.MILLION);
    }
  });
}
