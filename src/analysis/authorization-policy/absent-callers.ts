// Callers that nobody is: principals, service accounts and namespaces of rules that no workload and no ServiceAccount has.
import { warning } from '../../api/finding.ts';
import type { AuthorizationPolicy } from '../../api/kinds/authorization-policy.ts';
import { serviceAccountOf } from '../../api/kinds/authorization-policy-values.ts';
import { isMatch } from '../../xds/authorization/patterns.ts';
import type { Account } from '../account-index.ts';
import type { CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { type AskedValues, askedRules } from './asked.ts';

export function* findAbsentCallers(policy: AuthorizationPolicy, around: Surroundings): Iterable<CrossFinding> {
  const { namespace = '' } = policy.metadata;
  for (const { who } of askedRules(policy)) {
    for (const asked of who) {
      for (const [index, value] of asked.values.entries()) {
        const absence = absenceOf(asked, value, namespace, around);
        if (absence === undefined) continue;
        const consequence = asked.negated ? 'nobody is excepted by it' : 'nobody is meant by it';
        const among = around.complete ? '' : ' among these files';
        const message = `${absence}${among}: ${consequence}`;
        const finding = warning(
          'SP1581',
          [...asked.path, index],
          message,
          'compare it with the service accounts of the pods',
        );
        yield around.complete ? finding : { ...finding, severity: 'info' };
      }
    }
  }
}

function absenceOf({ attribute }: AskedValues, value: string, own: string, around: Surroundings): string | undefined {
  const { trustDomain } = around.config();
  switch (attribute) {
    case 'source.principal':
      return absenceOfPrincipal(value, trustDomain, around);
    case 'source.serviceAccount': {
      const { namespace, name } = serviceAccountOf(value, own);
      const known = around.hasAccount({ namespace, serviceAccount: name });
      return known ? undefined : `no workload has the service account ${namespace}/${name}`;
    }
    case 'source.namespace':
      return around.accounts().some(({ namespace }) => isMatch(namespace, value))
        ? undefined
        : `there is no namespace ${value} with workloads`;
    default:
      return undefined;
  }
}

const principalForm = /^([^/*]+)\/ns\/([^/*]+)\/sa\/([^/*]+)$/;

function absenceOfPrincipal(value: string, trustDomain: string, around: Surroundings): string | undefined {
  const [, domain, namespace = '', serviceAccount = ''] = principalForm.exec(value) ?? [];
  const known =
    domain === trustDomain
      ? around.hasAccount({ namespace, serviceAccount })
      : around.accounts().some((account) => isMatch(principalOf(account, trustDomain), value));
  // Certificates that other roots vouch for may have any name.
  if (known || asksForOtherCertificates(around)) return undefined;
  const otherDomain =
    domain === undefined || domain === trustDomain ? '' : `; the mesh's trust domain is ${trustDomain}`;
  return `no workload is ${value}${otherDomain}`;
}

function principalOf({ namespace, serviceAccount }: Account, trustDomain: string): string {
  return `${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}

function asksForOtherCertificates(around: Surroundings): boolean {
  return around
    .gateways()
    .some(({ servers }) => servers.some(({ tls }) => tls?.mode === 'MUTUAL' || tls?.mode === 'OPTIONAL_MUTUAL'));
}
