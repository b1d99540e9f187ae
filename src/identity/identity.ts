// The mesh's certificate authority at work: it signs what proxies are served, renews it in time, and changes the authority and
// the roots without a moment in which a proxy trusts less than it needs. What it does is one turn, taken again and again:
// give out what is due, take the next step of a rotation if the proxies are ready for it.
// Invariant: what is trusted is on disk before a proxy has it.
import type { ResourceSyncs } from '../discovery/proxy-state.ts';
import { type ProxyIdentity, type TypeUrl, typeUrls } from '../discovery/view.ts';
import { SecretSchema } from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { buildValidationSecret } from '../envoy/secret.ts';
import { SallyportError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { typedResource } from '../xds/resource.ts';
import { workloadRoots } from '../xds/secret-names.ts';
import { type Authority, createOwnAuthority, replacementDue } from './authority.ts';
import { readTrust, writeTrust } from './ca-folder.ts';
import { writeCertificates } from './pem-certificates.ts';
import { adopt, advance, type Trust, trustedRoots } from './trust.ts';
import type { WorkloadSecrets } from './workload-secrets.ts';
import { createWorkloads, type Issuing, type Workload } from './workloads.ts';

export interface IdentityOptions {
  /** Of the authority. */
  readonly file: string;
  /** Of a workload's certificate. */
  readonly lifeMs: number;
  readonly trustDomain: string;
  /** How far a proxy is with what it was sent; undefined: it is not connected. */
  readonly syncs: (nodeId: string, type: TypeUrl) => ResourceSyncs | undefined;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Milliseconds since 1970; the machine's if absent. */
  readonly clock?: () => number;
  /** Never set back. */
  readonly monotonic?: () => number;
  /** Of [0, 1). */
  readonly random?: () => number;
}

export interface Identity {
  /** Until `close`: of a proxy whose socket is open. */
  serve(proxy: ProxyIdentity): { readonly secrets: WorkloadSecrets; close(): void };
  workloads(): Iterable<Workload>;
  trust(): Trust;
  setTrustDomain(trustDomain: string): void;
  /** The user's authority, fit to be used. */
  adopt(authority: Authority): void;
  /** To a new root of our own. Throws SallyportError `SP_CONFLICT` while another is under way. */
  rotate(): void;
}

/** How long proxies are waited for before certificates come from an authority that some may not trust yet. */
const patienceMs = 30_000;
/** What is so for that long is taken to be so. */
const settledMs = 1000;
/** While proxies are waited for. */
const lookMs = 250;
/** Otherwise: a clock that was set to another time is noticed then. */
const longestSleepMs = 10_000;
const sliceMs = 10;

/** Throws SallyportError `SP_CA_FILE` where the kept authority cannot be read. */
export function createIdentity(options: IdentityOptions): Identity {
  const { file, lifeMs, syncs, signal, log } = options;
  const { clock = Date.now, monotonic = () => performance.now(), random = Math.random } = options;
  let { trustDomain } = options;
  let trust = withLife(readTrust(file) ?? firstTrust());
  let roots = rootsResource(trust);
  let issuing: Issuing = { issuer: trust.issuer, roots, trustDomain };
  let since = monotonic();
  let settledSince: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const workloads = createWorkloads({ issuing: () => issuing, lifeMs, clock, random, onIssue: wake });

  function firstTrust(): Trust {
    const issuer = createOwnAuthority(trustDomain, clock());
    log.info({ root: issuer.certificate.fingerprint256 }, 'a root was made for this mesh');
    return { issuer, longestLifeMs: lifeMs };
  }

  function withLife(read: Trust): Trust {
    const lived = { ...read, longestLifeMs: Math.max(read.longestLifeMs, lifeMs) };
    writeTrust(file, lived);
    return lived;
  }

  function setTrust(next: Trust, reason: string): void {
    if (next === trust) return;
    writeTrust(file, next);
    trust = next;
    const resource = rootsResource(trust);
    if (resource.version !== roots.version) roots = resource;
    issuing = { issuer: trust.issuer, roots, trustDomain };
    since = monotonic();
    settledSince = undefined;
    log.info({ issuer: subjectOf(trust.issuer), roots: trustedRoots(trust).length }, reason);
    wake();
  }

  /** Whether every proxy that uses its secrets, or may, has this one of them. */
  function everyone(has: (workload: Workload, syncOf: ResourceSyncs) => boolean): boolean {
    for (const workload of workloads.all()) {
      const syncOf = syncs(workload.proxy.nodeId, typeUrls.secret);
      // It may hold something from before.
      if (syncOf === undefined) return false;
      if (workload.secrets.isUsed && !has(workload, syncOf)) return false;
    }
    return true;
  }

  function isSettled(holds: boolean): boolean {
    settledSince = holds ? (settledSince ?? monotonic()) : undefined;
    return settledSince !== undefined && monotonic() - settledSince >= settledMs;
  }

  function step(): void {
    if (trust.next !== undefined) {
      const settled = isSettled(everyone((_, syncOf) => syncOf(roots).state === 'SYNCED'));
      const late = monotonic() - since >= patienceMs;
      if (late && !settled) log.warn('not every proxy has taken the new root; certificates come from it all the same');
      const facts = { now: clock(), rootsArrived: settled || late, certificatesArrived: false };
      setTrust(advance(trust, facts), 'certificates come from the new authority now');
    } else if (trust.retired !== undefined) {
      const renewed = everyone(
        ({ certificate }, syncOf) =>
          certificate?.issuer === trust.issuer && syncOf(certificate.secret).state === 'SYNCED',
      );
      const facts = { now: clock(), rootsArrived: true, certificatesArrived: isSettled(renewed) };
      setTrust(advance(trust, facts), 'nothing needs the old root any more; it is not trusted now');
    } else if (clock() >= replacementDue(trust.issuer)) {
      adoptNow(createOwnAuthority(trustDomain, clock()), 'the root is old; a new one takes its place');
    }
  }

  function adoptNow(authority: Authority, reason: string): void {
    setTrust(adopt(trust, authority, clock()), reason);
  }

  function turn(): void {
    if (signal.aborted) return;
    const before = trust;
    const done = workloads.refresh(sliceMs);
    if (done) step();
    sleep(done && trust === before ? wakeAfter() : 0);
  }

  function wakeAfter(): number {
    if (trust.next !== undefined || trust.retired !== undefined) return lookMs;
    return Math.min(longestSleepMs, Math.max(0, workloads.nextDue() - clock()));
  }

  function sleep(milliseconds: number): void {
    clearTimeout(timer);
    timer = setTimeout(turn, milliseconds);
    timer.unref();
  }

  function wake(): void {
    sleep(0);
  }

  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  wake();

  return {
    serve: (proxy) => workloads.serve(proxy),
    workloads: () => workloads.all(),
    trust: () => trust,
    setTrustDomain(next) {
      if (next === trustDomain) return;
      trustDomain = next;
      issuing = { ...issuing, trustDomain };
      wake();
    },
    adopt: (authority) => adoptNow(authority, 'another authority takes over'),
    rotate() {
      if (trust.next !== undefined) {
        const hint = 'wait until the proxies have taken the new root; ca shows how far it is';
        throw new SallyportError('SP_CONFLICT', 'a rotation of the root is under way', { hint });
      }
      adoptNow(createOwnAuthority(trustDomain, clock()), 'a new root takes over');
    },
  };
}

function rootsResource(trust: Trust) {
  const message = buildValidationSecret(workloadRoots, { roots: Buffer.from(writeCertificates(trustedRoots(trust))) });
  return typedResource(typeUrls.secret, SecretSchema, workloadRoots, message, []).resource;
}

function subjectOf({ certificate }: Authority): string {
  return certificate.subject.replaceAll('\n', ', ');
}
