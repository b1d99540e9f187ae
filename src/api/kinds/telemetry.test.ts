// Telemetries as people write them: what is refused, with place and mend, and what is accepted without effect.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsOf, type Spec } from './networking.fixture.ts';

const filter = (expression: string) => ({ accessLogging: [{ filter: { expression } }] });
const tag = (name: string, override: Spec) => ({ metrics: [{ overrides: [{ tagOverrides: { [name]: override } }] }] });
const place = 'spec.metrics[0].overrides[0].tagOverrides.team';

for (const [title, spec, expected] of [
  [
    'logs and metrics',
    { accessLogging: [{ providers: [{ name: 'envoy' }] }], metrics: [{ providers: [{ name: 'Prometheus' }] }] },
    [],
  ],
  ['a filter', filter('response.code >= 400'), []],
  ['a constant tag', tag('team', { value: "'blue'" }), []],
  ['a tag that is removed', tag('team', { operation: 'REMOVE' }), []],
  [
    'a filter that is no condition',
    filter('response.code >='),
    ['!SP1401 spec.accessLogging[0].filter.expression: invalid filter expression: the expression ends too early'],
  ],
  [
    'a filter on what there is not',
    filter('reponse.code > 1 || response.cod > 1'),
    [
      '!SP1401 spec.accessLogging[0].filter.expression: unknown attribute reponse',
      '?SP1402 spec.accessLogging[0].filter.expression: response has no cod: a line whose filter asks for it is never written',
    ],
  ],
  [
    'a long filter',
    filter(`response.code > 1${' '.repeat(1100)}`),
    ['!SP1401 spec.accessLogging[0].filter.expression: a filter has at most 1024 characters'],
  ],
  [
    'settings of what is disabled',
    {
      accessLogging: [{ disabled: true, filter: { expression: 'true' } }],
      metrics: [{ overrides: [{ disabled: true, tagOverrides: { team: { operation: 'REMOVE' } } }] }],
    },
    [
      '?SP1403 spec.accessLogging[0].filter: a filter of a log that is disabled has no effect',
      '?SP1403 spec.metrics[0].overrides[0].tagOverrides: tags of a metric that is disabled have no effect',
    ],
  ],
  [
    'providers that are not here',
    { accessLogging: [{ providers: [{ name: 'otel' }, { name: '' }] }] },
    [
      '?SP0111 spec.accessLogging[0].providers[0].name: provider otel is accepted, but not acted on yet',
      '!SP1404 spec.accessLogging[0].providers[1].name: provider name must be set',
    ],
  ],
  [
    'a tag without value',
    tag('team', { operation: 'UPSERT' }),
    [`!SP1405 ${place}.value: tagOverrides.value must be set when tagOverrides.operation is UPSERT`],
  ],
  [
    'a tag that is removed, with a value',
    tag('team', { operation: 'REMOVE', value: "'a'" }),
    [`!SP1405 ${place}.value: tagOverrides.value may only be set when tagOverrides.operation is UPSERT`],
  ],
  [
    'a tag whose value asks something',
    tag('team', { value: 'request.host' }),
    [`?SP0111 ${place}.value: an expression that is no constant is accepted, but not acted on yet`],
  ],
  [
    'a tag of endless length',
    tag('team', { value: `'${'a'.repeat(9_000_000)}'` }),
    [`!SP1405 ${place}.value: the value of a tag has at most 1024 characters`],
  ],
  [
    'a filter without expression',
    { accessLogging: [{ filter: {} }, { filter: { expression: '' } }] },
    [
      '!SP1401 spec.accessLogging[0].filter.expression: invalid filter expression: the expression ends too early',
      '!SP1401 spec.accessLogging[1].filter.expression: invalid filter expression: the expression ends too early',
    ],
  ],
  [
    'a tag that is no label',
    tag('my-team', { value: "'a'" }),
    ['!SP1405 spec.metrics[0].overrides[0].tagOverrides.my-team: my-team is no name of a label'],
  ],
  ...['le', '__name__'].map((name): readonly [string, Spec, readonly string[]] => [
    `a tag that is Prometheus' own: ${name}`,
    tag(name, { value: "'a'" }),
    [`!SP1405 spec.metrics[0].overrides[0].tagOverrides.${name}: ${name} is a label of Prometheus itself`],
  ]),
  [
    'what is not acted on',
    {
      tracing: [{ randomSamplingPercentage: 100 }],
      targetRefs: [{ kind: 'Gateway', name: 'a' }],
      metrics: [{ reportingInterval: '5s', overrides: [{ match: { customMetric: 'a' } }] }],
    },
    [
      '?SP0111 spec.targetRefs: targetRefs is accepted, but not acted on yet',
      '?SP0111 spec.tracing: tracing is accepted, but not acted on yet',
      '?SP0111 spec.metrics[0].reportingInterval: reportingInterval is accepted, but not acted on yet',
      '?SP0111 spec.metrics[0].overrides[0].match.customMetric: customMetric is accepted, but not acted on yet',
    ],
  ],
] satisfies readonly (readonly [string, Spec, readonly string[]])[]) {
  test(title, () => assert.deepEqual(findingsOf('Telemetry', spec), expected));
}
