// How many requests reached the simulated internet, by host, and how they came: what a tour shows as proof.
import type { SiteRequest } from './site.ts';

export interface Arrivals {
  add(request: SiteRequest): void;
  /** Hosts in the order of their first request. */
  counts(): Readonly<Record<string, number>>;
  /** Equal requests to hosts whose name ends so, one line for each kind: how often, how, SNI, Host, what. */
  table(suffix: string): string;
}

/** Callers write names at will; beyond so many different ones they are counted together. */
const mostNames = 1000;

const titles = ['COUNT', 'BY', 'SNI', 'HOST', 'REQUEST'];

export function createArrivals(): Arrivals {
  const byHost = new Map<string, number>();
  const byKind = new Map<string, { readonly request: SiteRequest; count: number }>();
  return {
    add(request) {
      const name = byHost.has(request.host) || byHost.size < mostNames ? request.host : 'others';
      byHost.set(name, (byHost.get(name) ?? 0) + 1);
      const kind = JSON.stringify(cellsOf(request));
      const known = byKind.get(kind);
      if (known !== undefined) known.count += 1;
      else if (byKind.size < mostNames) byKind.set(kind, { request, count: 1 });
    },
    counts: () => Object.fromEntries(byHost),
    table(suffix) {
      const kinds = [...byKind.values()].filter(({ request }) => request.host.endsWith(suffix));
      const rows = [titles, ...kinds.map(({ request, count }) => [String(count), ...cellsOf(request)])];
      const widths = titles.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
      return rows
        .map(
          (row) =>
            `${row
              .map((cell, column) => cell.padEnd(widths[column] ?? 0))
              .join('  ')
              .trimEnd()}\n`,
        )
        .join('');
    },
  };
}

function cellsOf({ scheme, serverName, host, method, url }: SiteRequest): readonly string[] {
  return [scheme, serverName ?? '-', host, `${method} ${url.pathname}`];
}
