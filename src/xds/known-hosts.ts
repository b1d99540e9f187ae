// The hosts that the sidecars of one scope know: those that their Sidecar imports, which programs may name, and those that
// imported VirtualServices send to (Istio: collectImportedServices), which have clusters and are named by nobody.
import { underRule } from '../mesh/follow-caller.ts';
import { everything } from '../mesh/host-imports.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { routedHosts } from '../mesh/references.ts';
import { selectDestinationRule } from '../mesh/select-destination-rule.ts';
import type { Outlook } from './outlook.ts';
import type { ProxyScope } from './proxy-scope.ts';
import { type SelectedHost, selectHost } from './selected-host.ts';
import { createUseBook } from './use-book.ts';
import type { ServicesOf, ViewParts } from './view-parts.ts';

export interface KnownHost {
  /** As programs may name it; undefined: not at all. */
  readonly selected: SelectedHost | undefined;
  /** As rules send to it: with all of its ports. */
  readonly destination: SelectedHost | undefined;
}

export interface KnownHosts {
  get(host: string): KnownHost | undefined;
  hosts(): Iterable<string>;
  /** To send to. */
  reached(host: string): SelectedHost | undefined;
  /** Selects these hosts anew, and what they send to; answers what each of all those was before. */
  update(mesh: Mesh, outlook: Outlook, changed: Iterable<string>): ReadonlyMap<string, KnownHost | undefined>;
}

export function createKnownHosts(scope: ProxyScope, { select }: Pick<ViewParts, 'select'>): KnownHosts {
  const known = new Map<string, KnownHost>();
  /** What the rules of each host, and the policy of all, send to. */
  const uses = createUseBook();

  function selectNamed(host: string, mesh: Mesh, { imports }: Outlook): SelectedHost | undefined {
    const servicesOf: ServicesOf = (name) => mesh.services.get(name).flatMap((one) => imports.service(one) ?? []);
    return selectHost(mesh, host, select(mesh, host, scope, servicesOf), scope, imports);
  }

  /** Istio: of the namespace that it is imported from, else as if nothing were left out. */
  function selectDestination(host: string, mesh: Mesh): SelectedHost | undefined {
    const from = known.get(host)?.selected?.service?.namespace;
    const servicesOf: ServicesOf = (name) =>
      mesh.services.get(name).filter(({ namespace }) => from === undefined || namespace === from);
    const service = select(mesh, host, scope, servicesOf);
    if (service === undefined) return undefined;
    const rule = selectDestinationRule(mesh.destinationRules, host, service.namespace, scope);
    return { host, service: underRule(mesh, service, rule, scope), virtualService: undefined, rule };
  }

  function keep(host: string, next: KnownHost): void {
    if (next.selected === undefined && next.destination === undefined) known.delete(host);
    else known.set(host, next);
  }

  return {
    get: (host) => known.get(host),
    hosts: () => known.keys(),
    reached(host) {
      const { selected, destination } = known.get(host) ?? {};
      return destination ?? selected;
    },
    update(mesh, outlook, changed) {
      const befores = new Map([...changed].map((host) => [host, known.get(host)]));
      const { imports, settings } = outlook;
      for (const host of befores.keys()) {
        const selected = selectNamed(host, mesh, outlook);
        keep(host, { selected, destination: undefined });
        const rules = imports === everything ? undefined : selected?.virtualService;
        if (rules === undefined) uses.drop(host);
        else uses.set(host, routedHosts(rules));
      }
      const { egressProxy } = settings;
      uses.set('', new Set(imports === everything || egressProxy === undefined ? [] : [egressProxy.host]));
      const { added, removed } = uses.takeChanges();
      for (const host of [...added, ...removed]) if (!befores.has(host)) befores.set(host, known.get(host));
      for (const host of befores.keys()) {
        const selected = known.get(host)?.selected;
        keep(host, { selected, destination: uses.has(host) ? selectDestination(host, mesh) : undefined });
      }
      return befores;
    },
  };
}
