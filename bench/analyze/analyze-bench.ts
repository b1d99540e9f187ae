// `analyze -f` on a folder of 1,000 documents, in one cold process: 250 hosts, each with a ServiceEntry, a DestinationRule that
// begins TLS, a Gateway and a VirtualService that lead through the egress gateway.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

const egress = 'istio-egressgateway.istio-system.svc.cluster.local';
const http = { number: 80, name: 'http', protocol: 'HTTP' };
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));

function document(kind: string, index: number, spec: object): string {
  const metadata = { name: `host-${index}`, namespace: `ns-${index % 20}` };
  return stringify({ apiVersion: 'networking.istio.io/v1', kind, metadata, spec });
}

function documentsOf(index: number): readonly string[] {
  const host = `host-${index}.example.com`;
  const to = (name: string) => [{ destination: { host: name, port: { number: 80 } } }];
  const port = { ...http, targetPort: 443 };
  const tls = { portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'SIMPLE' } }] };
  return [
    document('ServiceEntry', index, { hosts: [host], ports: [port], resolution: 'DNS' }),
    document('DestinationRule', index, { host, trafficPolicy: tls }),
    document('Gateway', index, { selector: { istio: 'egressgateway' }, servers: [{ port: http, hosts: [host] }] }),
    document('VirtualService', index, {
      hosts: [host],
      gateways: ['mesh', `host-${index}`],
      http: [
        { match: [{ gateways: ['mesh'], port: 80 }], route: to(egress) },
        { match: [{ gateways: [`host-${index}`], port: 80 }], route: to(host) },
      ],
    }),
  ];
}

try {
  const documents = Array.from({ length: 250 }, (_, index) => documentsOf(index)).flat();
  for (const [index, text] of documents.entries()) writeFileSync(join(folder, `${index}.yaml`), text);
  const bin = new URL('../../bin/sallyport.cjs', import.meta.url).pathname;
  const times = [1, 2, 3].map(() => {
    const started = performance.now();
    const { stdout, status } = spawnSync(process.execPath, [bin, 'analyze', '-f', folder], { encoding: 'utf8' });
    if (status !== 0 || stdout !== 'no mistakes found\n')
      throw new Error(`analyze said ${status}: ${stdout.slice(0, 500)}`);
    return performance.now() - started;
  });
  console.log(`analyze: ${documents.length} documents in as many files, a process of its own`);
  console.log(`  ${'the best of three'.padEnd(42)} ${`${Math.min(...times).toFixed(0)} ms`.padStart(10)}   ≤ 2000 ms`);
} finally {
  rmSync(folder, { recursive: true });
}
