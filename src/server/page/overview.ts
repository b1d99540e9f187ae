// The mesh's page as HTML: is egress locked, which workloads run, which hosts are registered. Made on the server, no
// script; what comes from objects is escaped by the template. It draws itself anew every few seconds.
import { html } from 'hono/html';

export interface Overview {
  readonly mode: 'ALLOW_ANY' | 'REGISTRY_ONLY';
  readonly capture: 'redirect' | 'proxy';
  readonly version: string;
  readonly workloads: readonly WorkloadRow[];
  readonly hosts: readonly HostRow[];
}

export interface WorkloadRow {
  readonly namespace: string;
  readonly workload: string;
  readonly state: string;
  readonly sidecar: string;
}

export interface HostRow {
  readonly host: string;
  readonly ports: string;
  readonly entry: string;
}

type Markup = ReturnType<typeof html>;

/** `session`: the token that changes over TCP need beside the cookie. */
export function renderOverview(
  { mode, capture, version, workloads, hosts }: Overview,
  session: string | undefined,
): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
${session === undefined ? '' : html`<meta name="sallyport-session" content="${session}">`}
<title>Sallyport</title>
<link rel="stylesheet" href="/page.css">
</head>
<body>
<header><h1>Sallyport</h1><p>${version} · ${capture} capture</p></header>
<main>
<section class="${mode === 'REGISTRY_ONLY' ? 'locked' : 'open'}">
<h2>Outbound traffic: ${mode}</h2>
<p>${modeText(mode)}</p>
${capture === 'proxy' ? html`<p>Proxy capture: only what a program sends to its proxy is governed.</p>` : ''}
<p><code>sallyport istio outbound-traffic-policy ${mode === 'REGISTRY_ONLY' ? 'allowed' : 'restricted'}</code></p>
</section>
<section>
<h2>External hosts registered</h2>
${table(
  ['Host', 'Ports', 'ServiceEntry'],
  hosts.map(({ host, ports, entry }) => [host, ports, entry]),
  'None yet: sallyport apply -f serviceentry.yaml',
)}
</section>
<section>
<h2>Workloads</h2>
${table(
  ['Namespace', 'Workload', 'State', 'Sidecar'],
  workloads.map(({ namespace, workload, state, sidecar }) => [namespace, workload, state, sidecar]),
  'None yet: sallyport run --name shell -- sleep infinity',
)}
</section>
</main>
</body>
</html>`;
}

function modeText(mode: Overview['mode']): string {
  return mode === 'REGISTRY_ONLY'
    ? 'Locked: only hosts that are registered may be reached.'
    : 'Open: every host may be reached, registered or not.';
}

function table(titles: readonly string[], rows: readonly (readonly string[])[], empty: string): Markup {
  if (rows.length === 0) return html`<p>${empty}</p>`;
  return html`<table><thead><tr>${titles.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table>`;
}
