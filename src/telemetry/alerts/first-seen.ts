// A host outside that this workload has not called before, as far back as flows are kept. In the first minutes of a mesh, and
// of a workload whose namespace knows the host, that says nothing.
import type { AlertFinding } from '../alert.ts';
import { placeOf } from '../place.ts';
import { type Destination, otherHost } from '../traffic.ts';

export interface FirstCall {
  /** `external` or `passthrough`. */
  readonly destination: Destination;
  /** Of the namespace, some other workload has called it before. */
  readonly knownToNamespace: boolean;
  /** What the mesh, or the workload, is in its learning time. */
  readonly learning: 'mesh' | 'workload' | undefined;
}

export function judgeFirstCall(call: FirstCall): AlertFinding | undefined {
  const { destination, knownToNamespace, learning } = call;
  if (learning === 'mesh' || (learning === 'workload' && knownToNamespace)) return undefined;
  const registered = destination.kind === 'external';
  const severity = registered || knownToNamespace ? 'info' : 'warning';
  return { kind: 'first-seen', severity, reason: `${whatOf(destination)} ${newsOf(call)}${standing(registered)}` };
}

function whatOf(destination: Destination): string {
  return destination.host === otherHost ? 'more hosts than are told apart' : placeOf(destination);
}

function newsOf({ destination, knownToNamespace }: FirstCall): string {
  const verb = destination.host === otherHost ? 'were' : 'was';
  return knownToNamespace
    ? `${verb} called by this workload for the first time; others of its namespace have called before`
    : `${verb} called for the first time from this namespace`;
}

function standing(registered: boolean): string {
  return registered ? '; registered' : '; nobody registered it, and the mesh lets any host pass';
}
