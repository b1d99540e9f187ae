// What the keeper must know of load balancers after its own death: `<keeper>/load-balancers.json`, written whole or not at
// all. Invariant: one is recorded before anything of it is made, and its index, which is its address, stays.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../platform/atomic-file.ts';
import { loadBalancerSpecSchema } from './requests.ts';

const recordSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  index: z.int().nonnegative(),
  spec: loadBalancerSpecSchema,
});

export type LoadBalancerRecord = Readonly<z.infer<typeof recordSchema>>;

export function loadBalancerFile(keeperPath: string): string {
  return join(keeperPath, 'load-balancers.json');
}

export function saveLoadBalancers(keeperPath: string, records: readonly LoadBalancerRecord[]): void {
  writeFileAtomically(loadBalancerFile(keeperPath), JSON.stringify(records));
}

/** Empty where it is missing or spoilt: the control plane tells all anew. */
export function readLoadBalancers(keeperPath: string): readonly LoadBalancerRecord[] {
  try {
    return z.array(recordSchema).parse(JSON.parse(readFileSync(loadBalancerFile(keeperPath), 'utf8')));
  } catch {
    return [];
  }
}
