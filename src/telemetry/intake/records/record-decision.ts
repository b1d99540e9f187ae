// The decision that a record tells people of.
import { spiffeIdentity } from '../../../api/spiffe.ts';
import { oddAuthorityRoute } from '../../../xds/names.ts';
import type { NewDecision, Signature } from '../../decision.ts';
import type { Registry } from '../registry.ts';
import { plainText } from './asked-host.ts';
import type { EventRecord } from './event-record.ts';
import type { JudgedRecord, RecordContext } from './judged-record.ts';
import { reasonOf } from './reason.ts';

/** Who is told of in the decisions of a proxy. */
export function decidingSource({ source, pod, registry }: RecordContext): NewDecision['source'] {
  const { namespace, workload, serviceAccount } = source;
  const identity = spiffeIdentity({ trustDomain: registry.trustDomain(), namespace, serviceAccount });
  return { namespace, workload, pod, identity };
}

export interface DecisionOptions {
  readonly record: EventRecord;
  readonly judged: JudgedRecord;
  readonly signature: Signature;
  readonly source: NewDecision['source'];
  readonly registry: Registry;
}

export function decisionOf({ record, judged, signature, source, registry }: DecisionOptions): NewDecision {
  const { at, asked, registered, hiddenBy, withheldBy, destination, protocol, outcome } = judged;
  const { sender, senderIdentity } = judged;
  const details = plainText(record.details);
  const policy = registry.policy(source).object;
  return {
    firstAt: at,
    lastAt: at,
    count: 1,
    source,
    ...(senderIdentity === undefined ? {} : { callerIdentity: senderIdentity }),
    verdict: verdictOf(signature),
    destination,
    // Of one that was refused, that address is the matter.
    address: signature === 'address-refused' && record.upstream !== '' ? plainText(record.upstream) : asked.address,
    protocol,
    outcome,
    signature,
    reason: reasonOf({
      signature,
      ...asked,
      registered,
      hiddenBy,
      withheldBy,
      policy,
      protocol,
      details: record.key.route === oddAuthorityRoute ? plainText(record.authority) : details,
      senders: [sender, senderIdentity].filter((one) => one !== undefined),
    }),
    object: objectOf(signature, judged, policy),
    details,
    ...(record.method === '' ? {} : { method: plainText(record.method) }),
    ...(record.path === '' ? {} : { path: plainText(record.path) }),
    bytesSent: record.received,
    bytesReceived: record.sent,
  };
}

function verdictOf(signature: Signature): NewDecision['verdict'] {
  if (signature === 'policy-reported') return 'reported';
  return signature === 'passed-unregistered' ? 'passthrough' : 'blocked';
}

/** What keeps the host unknown, the policy, the object that was asked for, or Envoy itself. */
function objectOf(signature: Signature, judged: JudgedRecord, policy: string): string {
  const { registered, hiddenBy, withheldBy } = judged;
  switch (signature) {
    case 'unknown-host':
    case 'unknown-sni':
    case 'names-differ':
    case 'unknown-address':
    case 'connect-refused':
    case 'passed-unregistered':
      return hiddenBy ?? policy;
    case 'policy-denied':
    case 'policy-reported':
      return withheldBy ?? registered?.object ?? 'default';
    case 'address-refused':
      return registered?.object ?? 'default';
    default:
      return 'default';
  }
}
