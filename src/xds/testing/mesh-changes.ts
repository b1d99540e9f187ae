// The ways to a mesh: changes of one object each that make contents come, go, or become others.
import { type Change, emptyMesh, type Mesh, type MeshChange, updateMesh } from '../../mesh/mesh.ts';
import type { OutboundTrafficPolicy } from '../../mesh/mesh-config.ts';
import type { Grant, MeshContents } from './arbitrary-mesh.ts';

export function meshOf(contents: MeshContents, outboundTrafficPolicy: OutboundTrafficPolicy): Mesh {
  return additions(contents).reduce(
    (mesh, change) => updateMesh(mesh, { ...change, config: { ...emptyMesh.config, outboundTrafficPolicy } }).mesh,
    updateMesh(emptyMesh, { config: { ...emptyMesh.config, outboundTrafficPolicy } }).mesh,
  );
}

/** One change for each object: it comes. */
export function additions(contents: MeshContents): readonly MeshChange[] {
  return replacements(nothing, contents);
}

/** One change for each object: it goes. */
export function removals(contents: MeshContents): readonly MeshChange[] {
  return replacements(contents, nothing);
}

/** One change for each object: it becomes another, while there are others; what is left comes or goes. */
export function replacements(from: MeshContents, to: MeshContents): readonly MeshChange[] {
  return [
    ...changes(from.services, to.services).map((change) => ({ services: [change] })),
    ...changes(from.virtualServices, to.virtualServices).map((change) => ({ virtualServices: [change] })),
    ...changes(from.destinationRules, to.destinationRules).map((change) => ({ destinationRules: [change] })),
    ...changes(from.gateways, to.gateways).map((change) => ({ gateways: [change] })),
    ...changes(from.sidecars, to.sidecars).map((change) => ({ sidecars: [change] })),
    ...changes(from.telemetries, to.telemetries).map((change) => ({ telemetries: [change] })),
    ...changes(from.authorizationPolicies, to.authorizationPolicies).map((change) => ({
      authorizationPolicies: [change],
    })),
    ...changes(from.egressPolicies, to.egressPolicies).map((change) => ({ egressPolicies: [change] })),
    ...grantChanges(from.grants, to.grants),
  ];
}

/** A Namespace is itself by its name. */
function grantChanges(from: readonly Grant[], to: readonly Grant[]): readonly MeshChange[] {
  const after = new Map(to.map(({ namespace, hosts }) => [namespace, hosts]));
  const names = new Set([...from, ...to].map(({ namespace }) => namespace));
  return [...names].map((namespace) => ({ grants: new Map([[namespace, after.get(namespace)]]) }));
}

const nothing: MeshContents = {
  services: [],
  virtualServices: [],
  destinationRules: [],
  gateways: [],
  sidecars: [],
  telemetries: [],
  authorizationPolicies: [],
  egressPolicies: [],
  grants: [],
};

function changes<T>(from: readonly T[], to: readonly T[]): readonly Change<T>[] {
  return Array.from({ length: Math.max(from.length, to.length) }, (_, index) => index)
    .filter((index) => from[index] !== to[index])
    .map((index) => ({ before: from.slice(index, index + 1), after: to.slice(index, index + 1) }));
}
