// A line for the Sidecar that hides a host which is registered.
import { wildcardsAbove } from '../../api/host-name.ts';
import { sidecarKind } from '../../api/kinds/sidecar.ts';
import { parseObject } from '../../api/parse-object.ts';
import { isVisible } from '../../mesh/visibility.ts';
import { type Candidate, nameOf, type Stopped, withSpec } from './candidate.ts';

export function* importCandidates({ world, caller, attempt, end, object }: Stopped): Iterable<Candidate> {
  const stored = end.object.startsWith('Sidecar/') ? object(end.object) : undefined;
  const sidecar = stored && parseObject(sidecarKind.schema, stored);
  if (stored === undefined || sidecar === undefined) return;
  const { spec } = sidecar;
  const listeners = spec.egress ?? [];
  const index = listeners.findIndex(({ port }) => port?.number === attempt.port);
  const chosen = index >= 0 ? index : listeners.findIndex(({ port }) => port === undefined);
  for (const host of [attempt.host, ...wildcardsAbove(attempt.host)]) {
    for (const { namespace, visibility } of world.mesh.services.get(host)) {
      if (!isVisible(visibility, caller.namespace)) continue;
      const line = `${namespace === caller.namespace ? '.' : namespace}/${host}`;
      const egress =
        chosen < 0
          ? [...listeners, { hosts: [line] }]
          : listeners.map((one, at) => (at === chosen ? { ...one, hosts: [...(one.hosts ?? []), line] } : one));
      const summary = `add ${line} to the egress hosts of ${nameOf(stored)}`;
      yield { summary, object: withSpec(stored, { ...spec, egress }) };
    }
  }
}
