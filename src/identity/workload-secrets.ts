// What one proxy is served of its identity: its certificate and the roots of the mesh, as discovery wants them. Nothing is in
// it before a stream asks: a proxy without mTLS costs no key.
import { type OwnSecrets, type Resource, type TypeUrl, typeUrls, type ViewDelta } from '../discovery/view.ts';
import { workloadCertificate, workloadRoots } from '../xds/secret-names.ts';

export interface WorkloadSecrets extends OwnSecrets {
  /** Whether some stream has asked and is still there. */
  readonly isUsed: boolean;
  /** One change, whatever of it differs; undefined: there is none. */
  replace(certificate: Resource | undefined, roots: Resource): void;
}

const names: ReadonlySet<string> = new Set([workloadCertificate, workloadRoots]);

/** `onUse`: a stream is about to be answered from it. */
export function createWorkloadSecrets(key: string, onUse: () => void): WorkloadSecrets {
  const resources = new Map<string, Resource>();
  const listeners = new Set<(delta: ViewDelta) => void>();
  let generation = 1;

  function replaced(name: string, resource: Resource | undefined): boolean {
    if (resources.get(name)?.version === resource?.version) return false;
    if (resource === undefined) resources.delete(name);
    else resources.set(name, resource);
    return true;
  }

  return {
    names,
    key,
    get generation() {
      return generation;
    },
    get isUsed() {
      return listeners.size > 0;
    },
    resources: (type: TypeUrl) => (type === typeUrls.secret ? resources : new Map()),
    subscribe(listener) {
      onUse();
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    replace(certificate, roots) {
      const changes = new Map([
        [workloadCertificate, certificate],
        [workloadRoots, roots],
      ]);
      const changed = [...changes].filter(([name, resource]) => replaced(name, resource));
      if (changed.length === 0) return;
      generation += 1;
      const updated = changed.flatMap(([, resource]) => resource ?? []);
      const removed = changed.flatMap(([name, resource]) => (resource === undefined ? [name] : []));
      const delta: ViewDelta = { generation, types: new Map([[typeUrls.secret, { updated, removed }]]) };
      for (const listener of listeners) listener(delta);
    },
  };
}
