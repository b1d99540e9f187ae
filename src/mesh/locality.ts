// Where a workload is: `region/zone/subzone`, by its own labels, since a pod of a local mesh has no node that would know.
// Istio: `istio-locality` of the pod, else the labels of its node; here: `istio-locality`, else the node's labels on the pod.

const ownLabel = 'istio-locality';
const topologyLabels: readonly string[] = [
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.istio.io/subzone',
];

/** Every label that says where a workload is. */
export const localityLabels: readonly string[] = [ownLabel, ...topologyLabels];

/** Empty: nowhere. The parts of `istio-locality` stand between dots, as a label has no slashes. */
export function localityOf(label: (key: string) => string | undefined): string {
  const own = label(ownLabel);
  if (own !== undefined) return own.replaceAll('.', '/');
  return topologyLabels
    .map((key) => label(key) ?? '')
    .join('/')
    .replace(/\/+$/, '');
}

/** What a topology label would say of someone who is there; undefined for every other label. */
export function topologyOf(locality: string, label: string): string | undefined {
  const index = topologyLabels.indexOf(label);
  return index < 0 ? undefined : locality.split('/')[index];
}

/** `us-east/*` and `us-east` stand for all that is there, `*` for everything. */
export function isInLocality(locality: string, pattern: string): boolean {
  const parts = locality.split('/');
  return pattern.split('/').every((part, index) => part === '*' || part === (parts[index] ?? ''));
}
