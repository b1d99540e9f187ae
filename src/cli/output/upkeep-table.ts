// What wants tidying up, list by list, each with the command that mends it. Pure.
import type { UpkeepBody } from '../../server/wire.ts';
import { formatAge } from './age.ts';
import { type FittedColumn, formatFittedTable } from './fitted-table.ts';
import { formatHostPort } from './host-port.ts';

type Paint = (kind: 'title' | 'note', text: string) => string;

export function formatUpkeep(body: UpkeepBody, program: string, now: number, paint: Paint): readonly string[] {
  const { unused, shadowed, uncovered, aroundGateways, since } = body;
  const lines = [
    ...list(
      `Registered, and called by nobody since ${since}:`,
      ['HOST', 'PORTS', 'OBJECT', 'LAST USED', 'MEND'],
      paint,
      [
        ...unused.map(({ host, ports, object, lastUsed }) => [
          host,
          ports.join(','),
          object,
          lastUsed === undefined ? 'never' : formatAge(lastUsed, now),
          deletion(program, object),
        ]),
      ],
    ),
    ...list('Entries that count nowhere, since others come first:', ['HOST', 'OBJECT', 'COMES FIRST', 'MEND'], paint, [
      ...shadowed.map(({ host, object, by }) => [host, object, by.join(', '), deletion(program, object)]),
    ]),
    ...list('Workloads without a proxy:', ['WORKLOAD', 'WHY'], paint, [
      ...uncovered.map(({ namespace, workload, reason }) => [`${namespace}/${workload}`, reason]),
    ]),
    ...list(
      'Traffic that went out at once, though a gateway was meant for its host:',
      ['WORKLOAD', 'HOST', 'GATEWAY', 'OBJECT', 'SEEN', 'LAST SEEN', 'WHY'],
      paint,
      [
        ...aroundGateways.map(({ source, host, port, gateways, objects, requests, connections, lastSeen }) => {
          const workload = `${source.namespace}/${source.workload}`;
          const url =
            port === 443 ? `https://${host}` : port === 80 ? `http://${host}` : formatHostPort({ host, port });
          return [
            workload,
            formatHostPort({ host, port }),
            gateways.join(', '),
            objects.join(', '),
            String(requests + connections),
            formatAge(lastSeen, now),
            `${program} check ${source.workload} ${url} -n ${source.namespace}`,
          ];
        }),
      ],
    ),
  ];
  return lines.length === 0 ? [`Nothing wants tidying up. Hosts are told as unused since ${since}.`] : lines.slice(1);
}

function list(
  title: string,
  titles: readonly string[],
  paint: Paint,
  rows: readonly (readonly string[])[],
): readonly string[] {
  if (rows.length === 0) return [];
  const columns = titles.map((one): FittedColumn => ({ title: one }));
  const table = formatFittedTable({ columns, rows, gap: 3, width: Number.POSITIVE_INFINITY });
  return ['', paint('title', title), ...table];
}

/** `ServiceEntry/shop/api` */
function deletion(program: string, object: string): string {
  const [kind = '', namespace = '', name = ''] = object.split('/');
  return `${program} delete ${kind.toLowerCase()} ${name} -n ${namespace}`;
}
