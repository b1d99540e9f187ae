// What a record says, in the words of the ledger: how it was stopped or let out, to whom it was going, and how it ended.
// Decision and observation are both made of this, so that they say the same.
import type { Signature } from '../../decision.ts';
import type { Destination, Outcome, Protocol, Source } from '../../traffic.ts';
import { type KeyMeaning, meaningOf } from '../key-meaning.ts';
import type { Meanings } from '../meanings.ts';
import type { Registered, Registry } from '../registry.ts';
import { sentByMtls } from '../sent-by-mtls.ts';
import { byOf, isRuled, isServiceCluster } from '../teller.ts';
import { type Asked, askedOf, plainText } from './asked-host.ts';
import type { EventRecord } from './event-record.ts';
import { signatureOf } from './signature.ts';

export interface RecordContext {
  readonly source: Source;
  readonly pod: string;
  readonly meanings: Meanings;
  readonly registry: Registry;
  /** No event ends later, whatever its line says. Milliseconds since 1970. */
  readonly now: number;
}

export interface JudgedRecord {
  /** Undefined: registered traffic, which nothing of ours refused. */
  readonly signature: Signature | undefined;
  readonly at: number;
  readonly asked: Asked;
  /** What the host that was asked for means now. */
  readonly registered: Registered | undefined;
  /** The Sidecar that keeps it from who asked, although it is registered. */
  readonly hiddenBy: string | undefined;
  /** The EgressPolicy that does not allow it to who asked, or the AuthorizationPolicies that refused it. */
  readonly withheldBy: string | undefined;
  readonly destination: Destination;
  readonly via: readonly string[];
  readonly nextHop?: Destination;
  readonly by?: 'gateway' | 'relay';
  /** At a gateway: `namespace/workload` whose proxy sent it there; undefined where that is not known. */
  readonly sender: string | undefined;
  /** And who the certificate of what sent it there proved it to be; undefined where it showed none. */
  readonly senderIdentity: string | undefined;
  /** As in Observation. */
  readonly mtls?: boolean;
  readonly protocol: Protocol;
  readonly outcome: Outcome;
  /** Whether it counts as a connection: TCP, TLS, and what went through CONNECT. */
  readonly connection: boolean;
  /** Of a connection, whether the other side took it. */
  readonly opened: boolean;
  /** A registered destination's bytes are counted on the wire, and the sizes of its bodies, by cluster. */
  readonly tellsBytes: boolean;
}

/** Undefined: a registered connection, or one that was over before anything was known of it. */
export function judgeRecord(record: EventRecord, context: RecordContext): JudgedRecord | undefined {
  const { source, now, meanings } = context;
  const { key } = record;
  const found = namesDiffer(record) ? 'names-differ' : signatureOf(record);
  if (found === undefined && record.family === 'tcp') return undefined;
  const asked = askedOf(record);
  const { registered, hiddenBy, ...meant } = meanings.asked(source, asked.host, asked.port);
  const withheldBy = record.refusedBy === '' ? meant.withheldBy : plainText(record.refusedBy);
  const known = withheldBy === undefined || !isUnknown(found) ? found : 'policy-denied';
  const at = record.at === 0 ? now : Math.min(record.at, now);
  const common = {
    at,
    asked,
    registered,
    hiddenBy,
    withheldBy,
    ...byOf(key.reporter),
    ...senderOf(record, context),
  };
  // Under ALLOW_ANY a registered name needs no cluster of its own to pass (outbound-listeners.ts).
  if (known === 'passed-unregistered' && record.family === 'tcp' && registered !== undefined) {
    const answer = registeredAnswer(record, { ...registered, via: [] }, source);
    return { ...common, ...answer, connection: true, opened: true, tellsBytes: true };
  }
  if (known === undefined) {
    const meaning =
      isServiceCluster(key.cluster) || isRuled(key)
        ? meaningOf(meanings, source.namespace, key, 'http')
        : registered && { ...registered, via: [] };
    if (meaning !== undefined) return { ...common, ...registeredAnswer(record, meaning, source) };
  }
  const signature = known ?? 'refused';
  const tunnel = signature === 'passed-unregistered' && isTunnel(record);
  return {
    ...common,
    signature,
    destination: destinationOf(signature, asked, registered),
    via: [],
    protocol: tunnel ? 'tcp' : protocolIn(record, signature, registered),
    outcome: outcomeOf(record, tunnel),
    connection: tunnel || record.family === 'tcp',
    opened: signature === 'passed-unregistered',
    tellsBytes: true,
  };
}

/** A refused SNI inside a CONNECT that asked for another host. */
function namesDiffer(record: EventRecord): boolean {
  const { connected } = record;
  if (connected === '' || signatureOf(record) !== 'unknown-sni') return false;
  return askedOf({ ...record, authority: connected }).host !== askedOf(record).host;
}

/** What nobody knows, as far as the proxy can tell: what is kept from it is not there for it. */
function isUnknown(signature: Signature | undefined): boolean {
  return signature === 'unknown-sni' || signature === 'unknown-address';
}

/** What was let through, though EgressPolicies that only report would have stopped it. */
export function judgeReported(record: EventRecord, context: RecordContext): JudgedRecord {
  const { source, now, meanings } = context;
  const asked = askedOf(record);
  const { registered, hiddenBy, withheldBy } = meanings.asked(source, asked.host, asked.port);
  return {
    signature: 'policy-reported',
    at: record.at === 0 ? now : Math.min(record.at, now),
    asked,
    registered,
    hiddenBy,
    withheldBy,
    ...byOf(record.key.reporter),
    ...senderOf(record, context),
    destination: registered?.destination ?? { kind: 'external', host: asked.host, port: asked.port },
    via: [],
    protocol: protocolOf(record),
    outcome: outcomeOf(record, false),
    connection: record.family === 'tcp',
    opened: true,
    tellsBytes: false,
  };
}

/** The way to it was found, and then the answer was a refusal of its own, or CONNECT found nobody there. */
function registeredAnswer(record: EventRecord, meaning: KeyMeaning, source: Source) {
  const { destination, via, nextHop, protocol: declared } = meaning;
  const connection = record.method === 'CONNECT';
  const unread: Protocol = declared === 'tls' || declared === 'tcp' ? declared : 'tcp';
  const protocol = connection ? unread : protocolOf(record);
  const outcome = outcomeOf(record, connection);
  const { details, shownAs } = record;
  const mtls = sentByMtls(source, { destination, via, reached: details === answeredByUpstream, shownAs });
  const way = { destination, via, ...(nextHop === undefined ? {} : { nextHop }), ...mtls };
  return { signature: undefined, ...way, protocol, outcome, connection, opened: false, tellsBytes: false };
}

/** Envoy's details of an answer that is not its own. */
const answeredByUpstream = 'via_upstream';

function senderOf({ key, caller, callerIdentity }: EventRecord, { registry }: RecordContext) {
  const sender = key.reporter === 'relay' ? registry.workloadAt(caller) : undefined;
  return {
    sender: sender && `${sender.namespace}/${sender.workload}`,
    senderIdentity: callerIdentity === '' ? undefined : plainText(callerIdentity),
  };
}

function destinationOf(signature: Signature, { host, port }: Asked, registered: Registered | undefined): Destination {
  const kind = signature === 'passed-unregistered' ? 'passthrough' : 'blocked';
  const isKnown = signature === 'address-refused' || signature === 'policy-denied';
  const serviceEntry = isKnown ? registered?.destination.serviceEntry : undefined;
  return { kind, host, port, ...(serviceEntry === undefined ? {} : { serviceEntry }) };
}

/** A CONNECT to what is registered is meant for that, though it was refused as a request. */
function protocolIn(record: EventRecord, signature: Signature, registered: Registered | undefined): Protocol {
  const isTunnelled = signature === 'policy-denied' && record.method === 'CONNECT';
  return (isTunnelled ? registered?.protocol : undefined) ?? protocolOf(record);
}

function protocolOf({ family, key, sni }: EventRecord): Protocol {
  if (family === 'http') return key.grpcStatus === '' ? 'http' : 'grpc';
  return sni === '' ? 'tcp' : 'tls';
}

/** What a tunnel's request was answered with is not what its connection ended with. */
function outcomeOf({ key }: EventRecord, tunnel: boolean): Outcome {
  return { code: tunnel ? 0 : key.code, flags: key.flags, grpcStatus: plainText(key.grpcStatus) };
}

/** What passed through CONNECT is a connection. */
function isTunnel({ method, key }: EventRecord): boolean {
  return method === 'CONNECT' && key.code >= 200 && key.code < 300;
}
