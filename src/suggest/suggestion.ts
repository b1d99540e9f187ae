// What a suggestion is: the objects that would let through what was seen of unregistered traffic, and nothing else; what each
// of them stands for, seen how often and by whom; and what was seen and is left out, with the reason.
import type { KubeObject } from '../api/object.ts';

export interface SuggestOptions {
  /** `egresspolicy`: for each workload by itself, which is narrower than the namespace that a ServiceEntry is for. */
  readonly as: 'serviceentries' | 'egresspolicy';
  /** What was stopped too, which may have been an attack. */
  readonly blocked: boolean;
  /** Normalised; only these, whether they passed or were stopped. Empty: all. */
  readonly hosts: readonly string[];
  /** Several hosts of one domain become `*.example.com`, which opens more than was seen. */
  readonly wildcards: boolean;
  /** RFC 3339: from then on what is suggested lets nobody out any more. */
  readonly expires?: string;
}

export type SuggestedProtocol = 'HTTP' | 'GRPC' | 'TLS' | 'TCP';

/** One port of one host that an object would let through. */
export interface Suggestion {
  readonly namespace: string;
  /** A name, an address, or a wildcard. */
  readonly host: string;
  readonly port: number;
  readonly protocol: SuggestedProtocol;
  /** Who called it; sorted. Of an EgressPolicy: the one that it is for. */
  readonly workloads: readonly string[];
  readonly requests: number;
  readonly connections: number;
  /** Whether some of it was stopped. */
  readonly blocked: boolean;
  /** RFC 3339. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** `ServiceEntry/shop/api.example.com`. */
  readonly object: string;
  /** What it would not let through of what was seen, for people. */
  readonly note?: string;
}

export interface SuggestedObject {
  /** Ready to be applied. */
  readonly object: KubeObject;
  /** As it is stored now, where it is there: the suggestion adds to it. */
  readonly existing?: KubeObject;
}

/** Seen, unregistered, and not suggested. */
export interface LeftOut {
  readonly namespace: string;
  readonly host: string;
  /** 0 where it is not known. */
  readonly port: number;
  readonly workloads: readonly string[];
  readonly reason: string;
}

export interface Suggestions {
  readonly suggestions: readonly Suggestion[];
  readonly objects: readonly SuggestedObject[];
  readonly leftOut: readonly LeftOut[];
}
