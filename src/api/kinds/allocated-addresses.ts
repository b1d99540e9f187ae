// Addresses that the mesh gives to names which have none of their own, as they stand in the status of the object that has the
// name (Istio: status.addresses), and how an object says whether it wants them.
import { z } from 'zod';
import type { ObjectMeta } from '../object.ts';

const autoAllocateLabel = 'networking.istio.io/enable-autoallocate-ip';

export const allocatedAddresses = z.array(z.looseObject({ host: z.string(), value: z.string() }));

/** `needed`: where nothing else tells connections to its hosts from others. Istio: always, but for `never`. */
export function addressWish({ labels }: ObjectMeta): 'always' | 'never' | 'needed' {
  const label = labels?.[autoAllocateLabel];
  if (label === 'false') return 'never';
  return label === 'true' ? 'always' : 'needed';
}
