// A check as lines for people: the answer, each way with its proxies, what decides, what the caller would see, and the change that
// would let it out as YAML that can be applied.
import type { CheckBody } from '../../server/wire.ts';
import { formatHostPort } from './host-port.ts';
import { oneLine } from './table.ts';

type Way = CheckBody['ways'][number];
type Hop = Way['hops'][number];

export async function formatCheck(body: CheckBody): Promise<readonly string[]> {
  const { answer, source, attempt, ways, change } = body;
  const { protocol, host, port, method, path } = attempt;
  const scheme = protocol === 'tls' && method !== undefined ? 'https' : protocol;
  const request = method === undefined ? '' : `${method} `;
  const asked = `${request}${scheme}://${formatHostPort({ host, port })}${path ?? ''}`;
  return [
    `${answer}: ${source.namespace}/${source.workload} -> ${oneLine(asked)}`,
    ...ways.flatMap((way) => wayLines(way, ways.length > 1)),
    ...(change === undefined ? withoutChange(answer) : await changeLines(change)),
  ];
}

function wayLines({ when, hops, end }: Way, several: boolean): readonly string[] {
  const indent = several ? '    ' : '  ';
  const condition = when.length === 0 ? 'otherwise' : `if ${when.join(', and ')}`;
  return [
    ...(several ? [`  ${oneLine(condition)}:`] : []),
    ...hops.map((hop) => `${indent}${hopLine(hop)}`),
    ...endLines(end).map((line) => `${indent}${oneLine(line)}`),
  ];
}

function hopLine({ kind, namespace, workload, route, cluster, tls, objects }: Hop): string {
  const where = cluster === '' ? '' : ` -> ${cluster}`;
  const how = { 'as-sent': '', originated: ', TLS originated here', mutual: ', mTLS' }[tls];
  const rule = route === '' ? '' : ` by route ${route}`;
  const from = objects.length === 0 ? '' : ` (${objects.join(', ')})`;
  return oneLine(`${kind} ${namespace}/${workload}${rule}${where}${how}${from}`);
}

function endLines(end: Way['end']): readonly string[] {
  switch (end.kind) {
    case 'service':
    case 'external':
      return [
        `${end.kind === 'service' ? 'service of the mesh' : 'outside'} ${formatHostPort(end)}, registered by ${end.object}`,
        ...(end.reported === undefined ? [] : [`${end.reported} would stop it, were its mode enforce`]),
      ];
    case 'passthrough':
      return [`outside ${formatHostPort(end)}`, `decided by ${end.object}: ${end.reason}`];
    case 'answered':
      return [`answered ${end.code} by the proxy, as ${end.object} says`];
    case 'refused':
    case 'unanswered':
      return [`the caller sees ${seen(end.how)}`, `decided by ${end.object}: ${end.reason}`];
    case 'untold':
      return [end.reason];
  }
}

function seen(how: number | 'closed'): string {
  return how === 'closed' ? 'its connection closed' : `status ${how}`;
}

function withoutChange(answer: CheckBody['answer']): readonly string[] {
  return answer === 'refused' ? ['no change of one object was found that would let it out'] : [];
}

async function changeLines({ summary, objects }: NonNullable<CheckBody['change']>): Promise<readonly string[]> {
  const { stringify } = await import('yaml');
  const documents = objects.map((object) => stringify(object, { indentSeq: false, lineWidth: 0 }).trimEnd());
  return [`this would let it out: ${oneLine(summary)}`, '---', ...documents.join('\n---\n').split('\n')];
}
