// An authority for tests: in a folder of its own, with a clock that the test moves, and proxies that take what they are sent
// when the test wants them to.
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import type { ResourceSyncs } from '../../discovery/proxy-state.ts';
import { type ProxyIdentity, typeUrls } from '../../discovery/view.ts';
import { SecretSchema } from '../../envoy/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { createLogger } from '../../platform/log.ts';
import { createIdentity, type Identity, type IdentityOptions } from '../identity.ts';
import { readCertificates } from '../pem-certificates.ts';

export interface TestProxy {
  readonly nodeId: string;
  /** It takes whatever it is sent from now on. */
  connect(): void;
  disconnect(): void;
  /** It stays connected and answers nothing. */
  stall(): void;
  /** What it took last. */
  readonly certificate: X509Certificate | undefined;
  readonly key: string | undefined;
  readonly roots: readonly X509Certificate[];
  /** Updates that it was sent. */
  readonly updates: number;
  remove(): void;
}

export interface TestIdentity {
  readonly file: string;
  readonly identity: Identity;
  proxy(name: string): TestProxy;
  /** Both clocks, with all that comes due on the way. */
  pass(milliseconds: number): void;
  /** The wall clock alone. */
  jump(milliseconds: number): void;
  /** The control plane starts anew, with the same folder; `begin` of the identity is then the test's to call. */
  restart(): void;
}

export const hourMs = 3_600_000;

export interface TestIdentityOptions extends Partial<IdentityOptions> {
  /** Milliseconds since 1970; new year of 2026 if absent. */
  readonly startAt?: number;
}

export function startIdentity(
  t: TestContext,
  { startAt = Date.parse('2026-01-01T00:00:00Z'), ...options }: TestIdentityOptions = {},
): TestIdentity {
  const folder = mkdtempSync(join(tmpdir(), 'sp-ca-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const file = join(folder, 'ca', 'ca.json');
  let wall = startAt;
  let monotonic = 0;
  const syncs = new Map<string, ResourceSyncs>();
  const stops: AbortController[] = [];
  t.after(() => {
    for (const stop of stops) stop.abort();
  });

  function start(): Identity {
    const stop = new AbortController();
    stops.push(stop);
    return createIdentity({
      file,
      lifeMs: 24 * hourMs,
      trustDomain: 'cluster.local',
      syncs: (nodeId, type) => (type === typeUrls.secret ? syncs.get(nodeId) : undefined),
      signal: stop.signal,
      log: createLogger('test').child({}, { level: 'silent' }),
      clock: () => wall,
      monotonic: () => monotonic,
      random: () => 0.5,
      ...options,
    });
  }

  let identity = start();
  identity.begin();

  function proxy(name: string): TestProxy {
    const nodeId = `sidecar~10.0.0.1~${name}.shop~shop.svc.cluster.local`;
    const of: ProxyIdentity = {
      namespace: 'shop',
      name,
      workload: name,
      serviceAccount: name,
      labels: {},
      type: 'sidecar',
      nodeId,
    };
    const { secrets, close } = identity.serve(of);
    const taken = new Map<string, string>();
    const contents = new Map<string, Uint8Array>();
    let updates = 0;
    let takes = true;
    let leave: (() => void) | undefined;

    function take(): void {
      if (!takes) return;
      updates += 1;
      const resources = secrets.resources(typeUrls.secret);
      for (const resourceName of secrets.names) {
        const resource = resources.get(resourceName);
        if (resource === undefined) {
          taken.delete(resourceName);
          contents.delete(resourceName);
        } else {
          taken.set(resourceName, resource.version);
          contents.set(resourceName, resource.bytes);
        }
      }
    }

    function content(resourceName: string) {
      const bytes = contents.get(resourceName);
      return bytes === undefined ? undefined : fromBinary(SecretSchema, bytes).type;
    }

    return {
      nodeId,
      connect() {
        takes = true;
        leave ??= secrets.subscribe(take);
        take();
        syncs.set(nodeId, ({ name: resource, version }) => ({
          state: taken.get(resource) === version ? 'SYNCED' : 'STALE',
        }));
      },
      disconnect() {
        leave?.();
        leave = undefined;
        syncs.delete(nodeId);
      },
      stall() {
        takes = false;
      },
      get certificate() {
        const type = content('default');
        const source = type?.case === 'tlsCertificate' ? type.value.certificateChain?.specifier : undefined;
        return source?.case === 'inlineBytes' ? new X509Certificate(source.value) : undefined;
      },
      get key() {
        const type = content('default');
        const source = type?.case === 'tlsCertificate' ? type.value.privateKey?.specifier : undefined;
        return source?.case === 'inlineBytes' ? Buffer.from(source.value).toString() : undefined;
      },
      get roots() {
        const type = content('ROOTCA');
        const source = type?.case === 'validationContext' ? type.value.trustedCa?.specifier : undefined;
        return source?.case === 'inlineBytes' ? readCertificates(Buffer.from(source.value).toString()) : [];
      },
      get updates() {
        return updates;
      },
      remove() {
        leave?.();
        syncs.delete(nodeId);
        close();
      },
    };
  }

  return {
    file,
    get identity() {
      return identity;
    },
    proxy,
    pass(milliseconds) {
      const end = monotonic + milliseconds;
      while (monotonic < end) {
        const step = Math.min(100, end - monotonic);
        monotonic += step;
        wall += step;
        t.mock.timers.tick(step);
      }
    },
    jump(milliseconds) {
      wall += milliseconds;
    },
    restart() {
      stops.at(-1)?.abort();
      syncs.clear();
      identity = start();
    },
  };
}
