// One of several by weight: all of them happen, each in its share.
import { parseOutboundCluster } from '../../xds/names.ts';
import type { Questions } from '../questions.ts';

export function weigh<T extends { readonly name: string; readonly weight?: number | undefined }>(
  questions: Questions,
  shares: readonly T[],
): T | undefined {
  const weighty = shares.filter(({ weight = 0 }) => weight > 0);
  if (weighty.length < 2) return weighty[0] ?? shares[0];
  const total = weighty.reduce((sum, { weight = 0 }) => sum + weight, 0);
  const options = weighty.map(({ name, weight = 0 }) => {
    return { when: `by weight, in ${Math.round((weight / total) * 100)}% of cases, it goes to ${placeOf(name)}` };
  });
  return weighty[questions.choose(`weights of ${weighty.map(({ name }) => name).join(' ')}`, options)];
}

function placeOf(cluster: string): string {
  const place = parseOutboundCluster(cluster);
  return place === undefined ? cluster : `${place.host}:${place.port}`;
}
