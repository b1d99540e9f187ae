// A rule for the clients of one namespace stands in place of the whole rule of the service's namespace or of the root's
// (Istio's lookup): where that one begins TLS and this one does not, or does not verify, requests leave in the clear.
import { warning } from '../../api/finding.ts';
import type { DestinationRule as ApiDestinationRule } from '../../api/kinds/destination-rule.ts';
import { rootNamespace } from '../../api/root-namespace.ts';
import { completeHost } from '../../mesh/complete-host.ts';
import { destinationRuleOrigin } from '../../mesh/destination-rule.ts';
import type { ClientTls } from '../../mesh/traffic-policy.ts';
import { isVisible } from '../../mesh/visibility.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { begins, tlsOf } from '../tls-policy.ts';

export function* findLostTls({ metadata, spec }: ApiDestinationRule, around: Surroundings): Iterable<CrossFinding> {
  const { namespace = '', name } = metadata;
  const host = completeHost(spec.host, namespace);
  const rules = around.destinationRules(host);
  const own = rules.find((rule) => rule.namespace === namespace && rule.name === name);
  const service = around.service(host, namespace);
  if (own === undefined || service === undefined || namespace === rootNamespace) return;
  const replaced = rules.find(
    (rule) =>
      rule.namespace !== namespace &&
      (rule.namespace === service.namespace || rule.namespace === rootNamespace) &&
      rule.workloadSelector === undefined &&
      isVisible(rule.visibility, namespace),
  );
  if (replaced === undefined) return;
  for (const { number } of service.ports) {
    const loss = lossOf(tlsOf(replaced, number), tlsOf(own, number));
    if (loss === undefined) continue;
    const origin = destinationRuleOrigin(replaced);
    const message = `at clients of namespace ${namespace} it stands in place of ${origin}, which ${loss} on port ${number} of ${host}`;
    yield about(warning('SP1554', placeOf(spec), message, 'say the same of TLS here'), origin);
  }
}

function lossOf(before: ClientTls | undefined, after: ClientTls | undefined): string | undefined {
  if (before === undefined || !begins(before)) return undefined;
  if (!begins(after)) return `begins TLS (${before.mode})`;
  return after?.insecureSkipVerify === true && !before.insecureSkipVerify ? 'verifies the server' : undefined;
}

function placeOf({ trafficPolicy }: ApiDestinationRule['spec']): readonly string[] {
  return trafficPolicy === undefined ? ['spec', 'host'] : ['spec', 'trafficPolicy'];
}
