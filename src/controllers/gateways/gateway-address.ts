// Under which addresses a gateway's Service is reached. Load balancers that are known by a name (AWS) are resolved, and
// looked up again, since their addresses change.
import { lookup } from 'node:dns/promises';
import type { Service } from '../../api/kinds/service.ts';

export interface GatewayAddress {
  /** Empty: none yet. */
  readonly addresses: readonly string[];
  /** Whether they may change without the Service. */
  readonly resolved: boolean;
}

export async function gatewayAddress({ spec, status }: Service): Promise<GatewayAddress> {
  if (spec.type !== 'LoadBalancer') return { addresses: clusterAddress(spec.clusterIP), resolved: false };
  const ingress = status?.loadBalancer?.ingress ?? [];
  const given = ingress.flatMap(({ ip }) => (ip === undefined || ip === '' ? [] : [ip]));
  const names = ingress.flatMap(({ ip, hostname }) => (!ip && hostname ? [hostname] : []));
  const found = await Promise.all(names.map(resolveName));
  return { addresses: [...new Set([...given, ...found.flat().toSorted()])], resolved: names.length > 0 };
}

function clusterAddress(clusterIP: string | undefined): readonly string[] {
  return clusterIP === undefined || clusterIP === '' || clusterIP === 'None' ? [] : [clusterIP];
}

/** A name that is not known yet has no addresses yet. */
async function resolveName(name: string): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true, family: 4 })).map(({ address }) => address);
  } catch {
    return [];
  }
}
