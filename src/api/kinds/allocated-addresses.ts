// Addresses that the mesh gives to names which have none of their own, as they stand in the status of the object that has the
// name (Istio: status.addresses), and how an object says that it wants none.
import { z } from 'zod';
import type { ObjectMeta } from '../object.ts';

const autoAllocateLabel = 'networking.istio.io/enable-autoallocate-ip';

export const allocatedAddresses = z.array(z.looseObject({ host: z.string(), value: z.string() }));

export function mayBeGivenAddress({ labels }: ObjectMeta): boolean {
  return labels?.[autoAllocateLabel] !== 'false';
}
