// The mesh's certificate authority at work: it signs what proxies are served, renews it in time, and changes the authority and
// the roots without a moment in which a proxy trusts less than it needs. What it does is one turn, taken again and again:
// give out what is due, take the next step of a rotation if the proxies are ready for it.
// Invariant: what is trusted is on disk before a proxy has it.
import type { ResourceSyncs } from '../discovery/proxy-state.ts';
import { type ProxyIdentity, type Resource, type TypeUrl, typeUrls } from '../discovery/view.ts';
import { SecretSchema } from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { buildValidationSecret } from '../envoy/secret.ts';
import { messageOf, SallyportError, systemCode } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { typedResource } from '../xds/resource.ts';
import { workloadRoots } from '../xds/secret-names.ts';
import { type Authority, createOwnAuthority, replacementDue } from './authority.ts';
import { type AuthorityStatus, certificateFacts, rootFacts, sourceName } from './authority-status.ts';
import { readTrust, writeTrust } from './ca-folder.ts';
import { writeCertificates } from './pem-certificates.ts';
import { adopt, advance, type Trust, trustedRoots } from './trust.ts';
import { isFit, judgeAuthority, type UnfitAuthority } from './user-authority.ts';
import type { FoundFiles } from './user-authority-source.ts';
import type { WorkloadSecrets } from './workload-secrets.ts';
import { createWorkloads, type Issuing, type Workload } from './workloads.ts';

export interface IdentityOptions {
  /** Of the authority. */
  readonly file: string;
  /** Of a workload's certificate. */
  readonly lifeMs: number;
  readonly trustDomain: string;
  /** What there is of an authority of the user's. */
  readonly userAuthority?: FoundFiles | undefined;
  /** Why it is not used, each time it is judged; undefined: it is, or there is none. */
  readonly onJudged?: (unfit: UnfitFiles | undefined) => void;
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

export interface UnfitFiles extends UnfitAuthority {
  readonly found: FoundFiles;
}

export interface Identity {
  /** Until `close`: of a proxy whose socket is open. */
  serve(proxy: ProxyIdentity): { readonly secrets: WorkloadSecrets; close(): void };
  workloads(): Iterable<Workload>;
  /** All proxies that were there at the start are served: from now on a rotation may take one that is not for gone. */
  begin(): void;
  /** Of a proxy that is served, once it has asked. */
  secretsOf(nodeId: string): WorkloadSecrets | undefined;
  trust(): Trust;
  setTrustDomain(trustDomain: string): void;
  /** What there is of an authority of the user's; undefined: none. An unfit one changes nothing and is told. */
  setUserAuthority(found: FoundFiles | undefined): void;
  /** To a new root of our own. Throws SallyportError `SP_CONFLICT` where another is under way, or the authority is the user's. */
  rotate(): AuthorityStatus;
  status(): AuthorityStatus;
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
/** Of proxies that are waited for, in a status. */
const mostNamed = 10;

/** Throws SallyportError `SP_CA_FILE` where the kept authority cannot be read. */
export function createIdentity(options: IdentityOptions): Identity {
  const { file, lifeMs, onJudged = () => undefined, syncs, signal, log } = options;
  const { clock = Date.now, monotonic = () => performance.now(), random = Math.random } = options;
  let { trustDomain, userAuthority: found } = options;
  let unfit: UnfitFiles | undefined;
  let begun = false;
  let judgedAt = Number.NEGATIVE_INFINITY;
  let trust = withLife(readTrust(file) ?? firstTrust());
  let roots = rootsResource(trust);
  let issuing: Issuing = { issuer: trust.issuer, roots, trustDomain };
  let since = monotonic();
  let settledSince: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let wakesAt = Number.POSITIVE_INFINITY;
  const workloads = createWorkloads({ issuing: () => issuing, lifeMs, clock, random, onDue: wakeBy });

  function firstTrust(): Trust {
    const judged = found && judgeAuthority(found.files, found.source, clock());
    if (judged !== undefined && isFit(judged)) return { issuer: judged, longestLifeMs: lifeMs };
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

  /** Proxies that use their secrets, or may, and have not all that the rotation waits for. */
  function* lagging(): Generator<Workload, undefined> {
    const { next, issuer } = trust;
    for (const workload of workloads.all()) {
      const syncOf = syncs(workload.proxy.nodeId, typeUrls.secret);
      const { certificate, secrets } = workload;
      const has = (secret: Resource) => syncOf?.(secret).state === 'SYNCED';
      const renewed = () => certificate?.issuer === issuer && has(certificate.secret);
      // One that is away may hold something from before.
      if (syncOf === undefined || (secrets.isUsed && !(next === undefined ? renewed() : has(roots)))) yield workload;
    }
  }

  function isNobodyLagging(): boolean {
    for (const _ of lagging()) return false;
    return true;
  }

  function isSettled(holds: boolean): boolean {
    settledSince = holds ? (settledSince ?? monotonic()) : undefined;
    return settledSince !== undefined && monotonic() - settledSince >= settledMs;
  }

  function step(): void {
    if (trust.next !== undefined) {
      const settled = isSettled(isNobodyLagging());
      const late = monotonic() - since >= patienceMs;
      if (late && !settled) log.warn('not every proxy has taken the new root; certificates come from it all the same');
      const facts = { now: clock(), rootsArrived: settled || late, certificatesArrived: false };
      setTrust(advance(trust, facts), 'certificates come from the new authority now');
    } else if (trust.retired !== undefined) {
      const facts = { now: clock(), rootsArrived: true, certificatesArrived: isSettled(isNobodyLagging()) };
      setTrust(advance(trust, facts), 'nothing needs the old root any more; it is not trusted now');
    } else if (clock() >= replacementDue(trust.issuer)) {
      adoptNow(createOwnAuthority(trustDomain, clock()), 'the root is old; a new one takes its place');
    }
  }

  function adoptNow(authority: Authority, reason: string): void {
    setTrust(adopt(trust, authority, clock()), reason);
  }

  /** Files of the user's are judged by the clock too: one that is not valid yet may be soon. */
  function judge(): void {
    judgedAt = monotonic();
    const files = found;
    const judged = files && judgeAuthority(files.files, files.source, clock());
    const fit = judged !== undefined && isFit(judged);
    setUnfit(files === undefined || judged === undefined || fit ? undefined : { found: files, ...judged });
    if (fit) adoptNow(judged, `the authority from ${sourceName(judged)} takes over`);
  }

  function setUnfit(next: UnfitFiles | undefined): void {
    const isNew = next !== undefined && next.message !== unfit?.message;
    if (isNew) log.warn(problemOf(next), 'this authority cannot be used; the last good one stays');
    unfit = next;
    onJudged(next);
  }

  function status(): AuthorityStatus {
    const { next, retired, issuer } = trust;
    const now = clock();
    const waitingFor = lagging()
      .map(({ proxy }) => `${proxy.namespace}/${proxy.name}`)
      .take(mostNamed);
    const until = retired === undefined ? undefined : new Date(retired.until).toISOString();
    const certificates = [...workloads.all()].filter(({ certificate }) => now < (certificate?.notAfter ?? 0));
    return {
      source: sourceName(issuer),
      trustDomain,
      issuer: certificateFacts(issuer.certificate),
      roots: rootFacts(trust),
      certificateLifeSeconds: lifeMs / 1000,
      certificates: certificates.length,
      ...(next && { rotation: { phase: 'trusting', waitingFor: [...waitingFor] } }),
      ...(!next && until && { rotation: { phase: 'renewing', waitingFor: [...waitingFor], until } }),
      ...(unfit && { problem: problemOf(unfit) }),
    };
  }

  function turn(): void {
    if (signal.aborted) return;
    const before = trust;
    const judged = monotonic() - judgedAt < longestSleepMs || isKept(judge);
    const done = workloads.refresh(sliceMs);
    const stepped = !(done && begun) || isKept(step);
    sleep(done && trust === before ? wakeAfter(judged && stepped) : 0);
  }

  function wakeAfter(kept: boolean): number {
    if (kept && (trust.next !== undefined || trust.retired !== undefined)) return lookMs;
    return Math.min(longestSleepMs, Math.max(0, workloads.nextDue() - clock()));
  }

  /** A disk that is full is no reason to stop renewing certificates: what could not be written has not happened. */
  function isKept(change: () => void): boolean {
    try {
      change();
      return true;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      log.warn(
        { error: messageOf(error) },
        'the authority could not be written; it stays as it is, and is tried again',
      );
      return false;
    }
  }

  function wakeBy(time: number): void {
    const milliseconds = Math.max(0, time - clock());
    if (monotonic() + milliseconds < wakesAt) sleep(milliseconds);
  }

  function sleep(milliseconds: number): void {
    wakesAt = monotonic() + milliseconds;
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
    begin() {
      begun = true;
      since = monotonic();
      wake();
    },
    secretsOf(nodeId) {
      for (const { proxy, secrets } of workloads.all()) if (proxy.nodeId === nodeId && secrets.isUsed) return secrets;
      return undefined;
    },
    trust: () => trust,
    setTrustDomain(next) {
      if (next === trustDomain) return;
      trustDomain = next;
      issuing = { ...issuing, trustDomain };
      wake();
    },
    setUserAuthority(next) {
      found = next;
      judgedAt = Number.NEGATIVE_INFINITY;
      wake();
    },
    rotate() {
      // What was left of one that is gone, and a root of our own beside one that is unfit, are ours to replace.
      if (found !== undefined && trust.issuer.source.kind !== 'own') {
        throw new SallyportError('SP_CONFLICT', `the authority is yours, from ${sourceName(found)}`, {
          hint: 'put the new one in its place; the change of the root follows by itself',
        });
      }
      if (trust.next !== undefined) {
        const hint = 'wait until the proxies have taken the new root; ca shows how far it is';
        throw new SallyportError('SP_CONFLICT', 'a rotation of the root is under way', { hint });
      }
      adoptNow(createOwnAuthority(trustDomain, clock()), 'a new root takes over');
      return status();
    },
    status,
  };
}

function rootsResource(trust: Trust) {
  const message = buildValidationSecret(workloadRoots, { roots: Buffer.from(writeCertificates(trustedRoots(trust))) });
  return typedResource(typeUrls.secret, SecretSchema, workloadRoots, message, []).resource;
}

function subjectOf({ certificate }: Authority): string {
  return certificate.subject.replaceAll('\n', ', ');
}

function problemOf({ found, message, hint }: UnfitFiles): NonNullable<AuthorityStatus['problem']> {
  return { source: sourceName(found), message, hint };
}
