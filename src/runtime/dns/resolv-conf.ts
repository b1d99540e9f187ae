// What the resolver of a workload is told: its sidecar's relay, and the search domains of its namespace.
/** The resolv.conf that an application sees. */
export function renderResolvConf(nameserver: string, namespace: string): string {
  const search = `${namespace}.svc.cluster.local svc.cluster.local cluster.local`;
  return `nameserver ${nameserver}\nsearch ${search}\noptions ndots:5\n`;
}
