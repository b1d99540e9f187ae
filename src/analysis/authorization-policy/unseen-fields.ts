// Rules that ask for requests (methods, paths, headers, hosts) where only bytes pass: what allows by them allows nothing there,
// and what denies by them denies everything, since it denies without what cannot be seen.
import { type FieldPath, warning } from '../../api/finding.ts';
import { isWildcardHost, normalizeHost } from '../../api/host-name.ts';
import type { AuthorizationPolicy } from '../../api/kinds/authorization-policy.ts';
import type { Attribute } from '../../api/kinds/authorization-policy-values.ts';
import { rootNamespace } from '../../api/root-namespace.ts';
import { handlingOf } from '../../mesh/handling.ts';
import { contradict, selectorOf } from '../../mesh/selector.ts';
import type { Service } from '../../mesh/service.ts';
import { someOf } from '../../platform/some-of.ts';
import { createInboundPorts } from '../../xds/inbound-ports.ts';
import type { CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { type AskedValues, askedRules, isOutbound } from './asked.ts';

/** What rules can meet: `8080`, or `443 of api.test`, and whether requests are read there. */
interface MetPort {
  readonly name: string;
  readonly number: number;
  readonly reads: boolean;
}

const ofRequests: ReadonlySet<Attribute> = new Set(['request.method', 'request.path', 'request.headers']);

export function* findUnseenFields(policy: AuthorizationPolicy, around: Surroundings): Iterable<CrossFinding> {
  const outbound = isOutbound(policy);
  const denies = policy.spec?.action === 'DENY';
  for (const { what } of askedRules(policy)) {
    for (const asked of what) {
      // What leaves a workload has its host in TLS too, and bytes have the one that is registered.
      const unseen = asked.filter(
        ({ attribute }) => ofRequests.has(attribute) || (attribute === 'request.host' && !outbound),
      );
      const [first] = unseen;
      if (first === undefined) continue;
      const met = (outbound ? portsOfHosts(asked, around) : portsOfWorkloads(policy, around)).filter(isAsked(asked));
      const blind = met.filter(({ reads }) => !reads);
      if (blind.length === 0 || (!denies && blind.length < met.length)) continue;
      yield findingOf(first.path, [...new Set(unseen.map(({ name }) => name))], blind, denies);
    }
  }
}

function findingOf(path: FieldPath, fields: readonly string[], blind: readonly MetPort[], denies: boolean) {
  const where = `port${blind.length === 1 ? '' : 's'} ${someOf([...new Set(blind.map(({ name }) => name))])}`;
  const consequence = denies ? 'without asking for it all of that is denied' : 'this rule allows nothing there';
  const message = `${someOf(fields)} cannot be seen on ${where}, where only bytes pass: ${consequence}`;
  const hint = 'name the ports that speak HTTP in `ports`, or ask for ports, principals or connection.sni';
  return warning('SP1582', path, message, hint);
}

function isAsked(asked: readonly AskedValues[]): (port: MetPort) => boolean {
  const ports = asked.filter(({ attribute }) => attribute === 'destination.port');
  return ({ number }) => ports.every(({ values, negated }) => values.includes(String(number)) !== negated);
}

/** Of those that Services send to; a policy of the root namespace is for too many to say. */
function portsOfWorkloads({ metadata, spec }: AuthorizationPolicy, around: Surroundings): readonly MetPort[] {
  const { namespace = '' } = metadata;
  if (namespace === rootNamespace) return [];
  const chosen = selectorOf(spec?.selector?.matchLabels ?? {});
  const services = around.servicesOf(namespace).filter(({ gateway }) => gateway === undefined);
  // The proxies of a namespace treat a port alike, whoever of them has it.
  const all = portsOf(namespace, services);
  const own = new Set(
    services
      .filter((service) => choosesSome(service, chosen, around))
      .flatMap((one) => [...portsOf(namespace, [one]).keys()]),
  );
  return [...all]
    .filter(([number]) => own.has(number))
    .map(([number, handling]) => ({ name: String(number), number, reads: handling === 'http' }));
}

function portsOf(namespace: string, services: readonly Service[]) {
  const book = createInboundPorts(namespace);
  for (const service of services) book.change(undefined, service);
  return new Map(book.all());
}

function choosesSome({ namespace, workloads }: Service, chosen: ReadonlyMap<string, string>, around: Surroundings) {
  if (workloads === undefined || contradict(workloads, chosen)) return false;
  return around.hasWorkload(namespace, new Map([...workloads, ...chosen]));
}

/** Of hosts that are registered; nobody knows what others speak. */
function portsOfHosts(asked: readonly AskedValues[], around: Surroundings): readonly MetPort[] {
  const hosts = asked.flatMap(({ attribute, negated, values }) =>
    attribute === 'request.host' && !negated ? values : [],
  );
  return hosts.flatMap((value) => {
    const host = normalizeHost(value);
    if (host === undefined) return [];
    const services = isWildcardHost(host) ? around.servicesUnder(host) : around.services(host);
    return services.flatMap((service) =>
      service.ports.map(({ number, protocol }) => ({
        name: `${number} of ${service.host}`,
        number,
        reads: ['http', 'auto'].includes(handlingOf(protocol)),
      })),
    );
  });
}
