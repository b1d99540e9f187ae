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
  /** `nextDue` may be earlier now. */
  readonly onIssue: () => void;
}

interface Served extends Workload {
  certificate: WorkloadCertificate | undefined;
}

/** What could not be renewed is tried again then. */
const retryMs = 5000;

export function createWorkloads({ issuing, lifeMs, clock, random, onIssue }: WorkloadsOptions): Workloads {
  const served = new Set<Served>();

  function refreshOne(workload: Served): void {
    const { issuer, roots, trustDomain } = issuing();
    const now = clock();
    const uri = spiffeIdentity({ ...workload.proxy, trustDomain });
    const { certificate } = workload;
    const isGood = certificate !== undefined && certificate.uri === uri && certificate.issuer === issuer;
    if (!isGood || isDue(certificate, now)) {
      const next = issueCertificate({ issuer, uri, lifeMs, now, random });
      const stays = certificate?.uri === uri && now < certificate.notAfter ? certificate : undefined;
      workload.certificate = next ?? stays;
      onIssue();
    }
    workload.secrets.replace(workload.certificate?.secret, roots);
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
        if (workload.secrets.isUsed) refreshOne(workload);
        if (performance.now() > deadline) return false;
      }
      return true;
    },
    nextDue() {
      let next = Number.POSITIVE_INFINITY;
      for (const { certificate, secrets } of served) {
        if (!secrets.isUsed) continue;
        const retryAt = clock() + retryMs;
        const due = certificate === undefined ? retryAt : Math.min(certificate.notAfter, dueAt(certificate, retryAt));
        next = Math.min(next, due);
      }
      return next;
    },
  };

  function dueAt(certificate: WorkloadCertificate, retryAt: number): number {
    return isDue(certificate, clock()) ? retryAt : certificate.renewAt;
  }
}
