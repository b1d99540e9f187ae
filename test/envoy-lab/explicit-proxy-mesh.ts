// A workload under proxy capture and a small world outside: HTTP, HTTPS and an echo on one loopback address, which names
// and port rules lead to. The manifests stand in the tests.
import type { Scope } from '../support/envoy-process.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { type ProxyMesh, type ProxyMeshOptions, startProxyMesh } from '../support/proxy-mesh.ts';
import { until } from '../support/until.ts';

export const outsideAddress = '127.0.78.1';
/** On loopback as well, but allowed by nobody. */
export const forbiddenAddress = '127.0.79.1';

export type Mode = 'REGISTRY_ONLY' | 'ALLOW_ANY';

/** The mesh's settings; the outside is on loopback, which must be allowed. */
export function policy(mode: Mode, ranges = `${outsideAddress}/32`): string {
  return `---
apiVersion: istio.banzaicloud.io/v1beta1
kind: Istio
metadata: { name: mesh, namespace: istio-system, annotations: { egress.sallyport.dev/allowed-ranges: '${ranges}' } }
spec: { version: 1.4.9, outboundTrafficPolicy: { mode: ${mode} } }
`;
}

/** `spec` in YAML's flow style. */
export function serviceEntry(name: string, spec: string): string {
  return `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: default, creationTimestamp: '2026-01-01T00:00:00Z' }
spec: ${spec}
`;
}

/** `number/PROTOCOL` (`auto`: not declared), and `>target` where it differs. */
export function portList(...ports: readonly string[]): string {
  const list = ports.map((text) => {
    const [, number, protocol, target] = /^(\d+)\/([\w-]+)(?:>(\d+))?$/.exec(text) ?? [];
    const targetPort = target === undefined ? '' : `, targetPort: ${target}`;
    const declared = protocol === 'auto' ? '' : `, protocol: ${protocol}`;
    return `{ number: ${number}, name: p${number}${declared}${targetPort} }`;
  });
  return `ports: [${list.join(', ')}]`;
}

export interface ExplicitProxyMesh extends ProxyMesh {
  readonly http: OutsideHttp;
  readonly https: OutsideHttp;
  readonly echo: OutsideTcp;
  /** The next line of the access log. */
  nextLine(): Promise<string>;
  /** Throws if there is another line than those that `nextLine` gave; a marker request comes after it. */
  noMoreLines(): Promise<void>;
}

export interface Outside {
  readonly http: number;
  readonly https: number;
  readonly echo: number;
}

/** Names below `example.test` and `wild.test` lead outside, port 80 to HTTP and port 443 to HTTPS. */
export async function startExplicitProxy(
  t: Scope,
  manifests: (ports: Outside) => string,
  options: Partial<Pick<ProxyMeshOptions, 'names' | 'inbound'>> = {},
): Promise<ExplicitProxyMesh> {
  const http = await startOutsideHttp({ t, address: outsideAddress });
  const https = await startOutsideHttp({ t, address: outsideAddress, tls: true });
  const echo = await startOutsideTcp({ t, address: outsideAddress });
  const hosts = ['a', 'b', 'other', 'db'].map((name) => `${name}.example.test`).concat('one.wild.test');
  const mesh = await startProxyMesh({
    t,
    manifests: manifests({ http: http.port, https: https.port, echo: echo.port }),
    portRules: hosts.flatMap((host) => [
      { host, port: 80, address: outsideAddress, targetPort: http.port },
      { host, port: 443, address: outsideAddress, targetPort: https.port },
    ]),
    ...options,
    names: { ...Object.fromEntries(hosts.map((host) => [host, outsideAddress])), ...options.names },
  });
  let taken = 0;
  return {
    ...mesh,
    http,
    https,
    echo,
    nextLine: async () => {
      const line = await until('a line of the access log', () => mesh.lines()[taken]);
      taken += 1;
      return line;
    },
    noMoreLines: async () => {
      await fetchMarker(mesh);
      const line = await until('the marker', () => mesh.lines()[taken]);
      taken += 1;
      if (!line.includes('marker')) throw new Error(`another line: ${line}`);
    },
  };
}

/** A request that Envoy refuses by itself whatever the policy, so that its line ends the log for the moment. */
async function fetchMarker({ proxy }: ProxyMesh): Promise<void> {
  await fetch(`http://${proxy.host}:${proxy.port}/marker`, { redirect: 'manual' }).then((answer) => answer.text());
}
