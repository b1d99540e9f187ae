// The certificates of all served proxies: made when a stream first asks, renewed at half their life, and at once when another
// authority signs or the trust domain is another. What is due is judged by the clock at every turn, so that a jump of it
// renews each certificate once.
// Invariant: what is no longer valid is taken away.

import { spiffeIdentity } from '../api/spiffe.ts';
import type { ProxyIdentity, Resource } from '../discovery/view.ts';
import type { Authority } from './authority.ts';
import { isDue, issueCertificate, type WorkloadCertificate } from './workload-certificate.ts';
import { createWorkloadSecrets, type WorkloadSecrets } from './workload-secrets.ts';

/** What is served now. */
export interface Issuing {
  readonly issuer: Authority;
  readonly roots: Resource;
  readonly trustDomain: string;
}

export interface Workload {
  readonly proxy: ProxyIdentity;
  readonly secrets: WorkloadSecrets;
  readonly certificate: WorkloadCertificate | undefined;
}

export interface Workloads {
  /** Until `close`. */
  serve(proxy: ProxyIdentity): { readonly secrets: WorkloadSecrets; close(): void };
  all(): Iterable<Workload>;
  /** Gives those who asked what is due; false: the budget was not enough. */
  refresh(budgetMs: number): boolean;
  /** Milliseconds since 1970; infinite if nothing ever will. */
  nextDue(): number;
}

export interface WorkloadsOptions {
  readonly issuing: () => Issuing;
  readonly lifeMs: number;
  readonly clock: () => number;
  /** Of [0, 1). */
  readonly random: () => number;
  /** Something is due then that was not before; milliseconds since 1970. */
  readonly onDue: (at: number) => void;
}

interface Served extends Workload {
  certificate: WorkloadCertificate | undefined;
}

/** What could not be renewed is tried again then. */
const retryMs = 5000;

export function createWorkloads({ issuing, lifeMs, clock, random, onDue }: WorkloadsOptions): Workloads {
  const served = new Set<Served>();

  /** Whether something was due. */
  function refreshOne(workload: Served): boolean {
    const { issuer, roots, trustDomain } = issuing();
    const now = clock();
    const uri = spiffeIdentity({ ...workload.proxy, trustDomain });
    const { certificate } = workload;
    const isGood = certificate !== undefined && certificate.uri === uri && certificate.issuer === issuer;
    const due = !isGood || isDue(certificate, now);
    if (due) {
      const next = issueCertificate({ issuer, uri, lifeMs, now, random });
      const stays = certificate?.uri === uri && now < certificate.notAfter ? certificate : undefined;
      workload.certificate = next ?? stays;
      onDue(dueAt(workload, now));
    }
    workload.secrets.replace(workload.certificate?.secret, roots);
    return due;
  }

  function dueAt({ certificate }: Workload, now: number): number {
    const retryAt = now + retryMs;
    if (certificate === undefined) return retryAt;
    return Math.min(certificate.notAfter, isDue(certificate, now) ? retryAt : certificate.renewAt);
  }

  return {
    serve(proxy) {
      const workload: Served = {
        proxy,
        secrets: createWorkloadSecrets(proxy.nodeId, () => refreshOne(workload)),
        certificate: undefined,
      };
      served.add(workload);
      return { secrets: workload.secrets, close: () => void served.delete(workload) };
    },
    all: () => served,
    refresh(budgetMs) {
      const deadline = performance.now() + budgetMs;
      for (const workload of served) {
        // A look at one that is not due costs next to nothing: however many there are, all are looked at.
        if (workload.secrets.isUsed && refreshOne(workload) && performance.now() > deadline) return false;
      }
      return true;
    },
    nextDue() {
      const now = clock();
      let next = Number.POSITIVE_INFINITY;
      for (const workload of served) if (workload.secrets.isUsed) next = Math.min(next, dueAt(workload, now));
      return next;
    },
  };
}
