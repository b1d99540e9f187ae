// The object Istio istio-system/mesh as it is stored, without the defaults that `get` shows, and what it lets go around
// the proxies.
import { allowBypassAnnotation } from '../api/annotations.ts';
import type { KubeObject } from '../api/object.ts';
import { ApiError } from './api-client.ts';
import type { Cli } from './cli.ts';
import { text } from './output/json-value.ts';

export const meshSettings = { kind: 'istios.istio.banzaicloud.io', namespace: 'istio-system', name: 'mesh' } as const;

export async function readMeshSettings(cli: Cli): Promise<KubeObject | undefined> {
  const { kind, namespace, name } = meshSettings;
  try {
    return (await cli.api().objects(kind, { namespace, name })).items[0];
  } catch (error) {
    if (error instanceof ApiError && error.code === 'SP_NOT_FOUND') return undefined;
    throw error;
  }
}

/** A sentence for each setting that lets addresses go around the proxies, where connections are redirected. */
export async function bypassHoles(settings: KubeObject | undefined): Promise<readonly string[]> {
  const { checkRanges } = await import('../api/kinds/istio-ranges.ts');
  const ranges = {
    includeIPRanges: text(settings?.spec, 'includeIPRanges') ?? '*',
    excludeIPRanges: text(settings?.spec, 'excludeIPRanges') ?? '',
  };
  const holes = [...checkRanges(ranges)].filter(({ code }) => code === 'SP0403').map(({ message }) => message);
  const podsMayBypass = text(settings?.metadata, 'annotations', allowBypassAnnotation) === 'true';
  return podsMayBypass ? [...holes, 'pods may let addresses go around their proxies'] : holes;
}
