// How often something was called, and when.

export interface Calls {
  readonly requests: number;
  readonly connections: number;
  /** Whether some of it was stopped. */
  readonly blocked: boolean;
  /** RFC 3339. */
  readonly firstSeen: string;
  readonly lastSeen: string;
}

export function sumOfCalls(one: Calls, other: Calls | undefined): Calls {
  if (other === undefined) return one;
  return {
    requests: one.requests + other.requests,
    connections: one.connections + other.connections,
    blocked: one.blocked || other.blocked,
    firstSeen: earlier(one.firstSeen, other.firstSeen),
    lastSeen: one.lastSeen === earlier(one.lastSeen, other.lastSeen) ? other.lastSeen : one.lastSeen,
  };
}

function earlier(one: string, other: string): string {
  return one < other ? one : other;
}
