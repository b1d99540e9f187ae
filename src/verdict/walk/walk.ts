// An attempt on its way: which proxies are there, what has been passed so far, and how it came to its end.
import type { ProxyIdentity, View } from '../../discovery/view.ts';
import type { AccessLog } from '../../envoy/gen/envoy/config/accesslog/v3/accesslog_pb.js';
import type { Questions } from '../questions.ts';
import type { Hop } from '../verdict.ts';

/** The proxies of a world, as far as a way leads through them. */
export interface Proxies {
  viewOf(identity: ProxyIdentity): View;
  /** Whose pod has this address. */
  at(address: string): ProxyIdentity | undefined;
  /** From which address it calls others. */
  callsFrom(identity: ProxyIdentity): string | undefined;
  /** Address of a name of the mesh itself, as its DNS tells the proxies of a namespace. */
  service(host: string, namespace: string): string | undefined;
  /** Address of a name outside, where that is known. */
  resolve(host: string, port: number): string | undefined;
  readonly trustDomain: string;
}

export interface Walk {
  readonly proxies: Proxies;
  readonly questions: Questions;
  /** Filled as the way goes on. */
  readonly hops: OpenHop[];
}

/** As long as it is not left. */
export type OpenHop = { -readonly [Field in keyof Omit<Hop, 'objects'>]: Hop[Field] } & {
  readonly objects: Set<string>;
};

/** A proxy on the way. */
export interface ProxyPlace {
  readonly identity: ProxyIdentity;
  readonly view: View;
  readonly hop: OpenHop;
  /** What comes in to its own program. */
  readonly inbound: boolean;
}

/** What a proxy's access loggers could tell of it; fields by the letters of record-line.ts. */
export interface Event {
  readonly family: 'http' | 'tcp';
  readonly accessLog: readonly AccessLog[];
  readonly fields: Readonly<Record<string, string | number>>;
}

/** `left`: for the endpoints of a cluster that lie behind no proxy of the mesh. */
export interface Terminal {
  readonly kind: 'left' | 'stopped' | 'answered' | 'unanswered';
  readonly proxy: ProxyPlace;
  readonly event: Event;
  /** Empty: none was chosen. */
  readonly cluster: string;
  readonly route: string;
  /** What the caller sees where it was not let out. */
  readonly how: number | 'closed';
  /** Of what is not told by records. */
  readonly why?: string;
  /** Rules that only report would have stopped it. */
  readonly reported: boolean;
}

export function openHop(identity: ProxyIdentity): OpenHop {
  const { type, namespace, workload } = identity;
  return {
    kind: type === 'router' ? 'gateway' : 'sidecar',
    namespace,
    workload,
    listener: '',
    chain: '',
    route: '',
    cluster: '',
    tls: 'as-sent',
    objects: new Set(),
  };
}
