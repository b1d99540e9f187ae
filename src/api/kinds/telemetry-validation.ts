// What can be wrong among the fields of a Telemetry. Follows ValidateTelemetry of Istio's pkg/config/validation. Takes an
// object its schema has accepted.
import { type FieldPath, problem, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { fieldsNotActedOn, notActedOn } from '../not-acted-on.ts';
import { shorten } from '../schema-messages.ts';
import { checkFilter, longestExpression } from './telemetry-filter.ts';
import type { AccessLogging, Metrics, MetricsOverride, Telemetry } from './telemetry-schema.ts';
import { constantOf } from './telemetry-tags.ts';

/** What writes access logs here, and what reads metrics. */
export const accessLogProvider = 'envoy';
export const metricsProvider = 'prometheus';

export function validateTelemetry({ spec }: Telemetry): readonly Finding[] {
  const { accessLogging = [], metrics = [] } = spec;
  const path = ['spec'];
  return [
    ...fieldsNotActedOn(spec, path, ['targetRef', 'targetRefs', 'tracing']),
    ...accessLogging.flatMap((entry, index) => [...checkAccessLogging(entry, [...path, 'accessLogging', index])]),
    ...metrics.flatMap((entry, index) => [...checkMetrics(entry, [...path, 'metrics', index])]),
  ];
}

function* checkAccessLogging({ providers, disabled, filter }: AccessLogging, path: FieldPath): Iterable<Finding> {
  yield* checkProviders(providers, accessLogProvider, [...path, 'providers']);
  if (filter === undefined) return;
  yield* checkFilter(filter.expression ?? '', [...path, 'filter', 'expression']);
  if (disabled !== true) return;
  yield warning(
    'SP1403',
    [...path, 'filter'],
    'a filter of a log that is disabled has no effect',
    'remove one of them',
  );
}

function* checkMetrics({ providers, overrides = [], ...rest }: Metrics, path: FieldPath): Iterable<Finding> {
  yield* checkProviders(providers, metricsProvider, [...path, 'providers']);
  yield* fieldsNotActedOn(rest, path, ['reportingInterval']);
  for (const [index, override] of overrides.entries()) yield* checkOverride(override, [...path, 'overrides', index]);
}

function* checkProviders(providers: AccessLogging['providers'], known: string, path: FieldPath): Iterable<Finding> {
  for (const [index, { name }] of (providers ?? []).entries()) {
    const place = [...path, index, 'name'];
    if (name === '') yield problem('SP1404', place, 'provider name must be set', `write ${known}`);
    else if (!isProvider(name, known)) yield notActedOn(`provider ${shorten(name)}`, place);
  }
}

export function isProvider(name: string, known: string): boolean {
  return name.toLowerCase() === known;
}

function* checkOverride({ match, disabled, tagOverrides = {} }: MetricsOverride, path: FieldPath): Iterable<Finding> {
  if (match?.customMetric !== undefined) yield notActedOn('customMetric', [...path, 'match', 'customMetric']);
  const tags = Object.entries(tagOverrides);
  if (disabled === true && tags.length > 0) {
    const message = 'tags of a metric that is disabled have no effect';
    yield warning('SP1403', [...path, 'tagOverrides'], message, 'remove one of them');
  }
  for (const [name, { operation = 'UPSERT', value = '' }] of tags) {
    const place = [...path, 'tagOverrides', name];
    if (operation === 'REMOVE') {
      if (value === '') continue;
      const message = 'tagOverrides.value may only be set when tagOverrides.operation is UPSERT';
      yield problem('SP1405', [...place, 'value'], message, 'remove it');
    } else if (!/^[A-Za-z_]\w*$/.test(name)) {
      yield problem('SP1405', place, `${shorten(name)} is no name of a label`, "use letters, digits and '_'");
    } else if (name === 'le' || name.startsWith('__')) {
      yield problem('SP1405', place, `${shorten(name)} is a label of Prometheus itself`, 'take another name');
    } else if (value === '') {
      const message = 'tagOverrides.value must be set when tagOverrides.operation is UPSERT';
      yield problem('SP1405', [...place, 'value'], message, 'write a text in quotes, such as "\'blue\'"');
    } else if (value.length > longestExpression) {
      const message = `the value of a tag has at most ${longestExpression} characters`;
      yield problem('SP1405', [...place, 'value'], message, 'shorten it');
    } else if (constantOf(value) === undefined) {
      yield notActedOn('an expression that is no constant', [...place, 'value']);
    }
  }
}
