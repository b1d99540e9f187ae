// What a test can ask of the agent inside a workload, and what comes back.

export type AgentCommand =
  | {
      readonly do: 'http';
      readonly host: string;
      readonly port?: number;
      readonly path?: string;
      readonly method?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly keepAlive?: boolean;
      readonly timeoutMs?: number;
    }
  | { readonly do: 'tls'; readonly host: string; readonly port?: number; readonly sni?: string }
  | {
      readonly do: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly send?: string;
      readonly expect?: number;
      readonly timeoutMs?: number;
    }
  | {
      readonly do: 'udp';
      readonly host: string;
      readonly port: number;
      readonly send: string;
      readonly timeoutMs?: number;
    }
  | {
      readonly do: 'talk';
      readonly host: string;
      readonly port: number;
      readonly steps: readonly TalkStep[];
      /** Inside a CONNECT where the program is told of a proxy; else it passes none. */
      readonly tunnel?: boolean;
      readonly timeoutMs?: number;
    }
  | {
      readonly do: 'http2';
      readonly host: string;
      readonly port: number;
      readonly path?: string;
      readonly tls?: boolean;
      readonly body?: string;
    }
  | {
      readonly do: 'grpc';
      readonly host: string;
      readonly port: number;
      /** `/service/Method` */
      readonly method: string;
      readonly messages: readonly string[];
    }
  | { readonly do: 'lookup'; readonly host: string; readonly family?: 4 | 6 }
  /** Requests one after the other until one is answered with 200. */
  | { readonly do: 'poll'; readonly address: string; readonly host: string }
  | {
      readonly do: 'load';
      readonly host: string;
      readonly port?: number;
      readonly path?: string;
      readonly ms: number;
      readonly connections?: number;
    };

/**
 * Of a conversation: texts are bytes in Latin-1; `aside` is sent on a connection of its own, `end` ends one's own side,
 * `ended` waits for the other's end.
 */
export type TalkStep =
  | { readonly send: string }
  | { readonly aside: string }
  | { readonly expect: string }
  | { readonly end: true }
  | { readonly ended: true };

/** Only what the command gives is set; `error` is Node's code (`ECONNRESET`) or its words. */
export interface AgentResult {
  readonly error?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly text?: string;
  /** Of `talk`: steps that were not come to. */
  readonly left?: number;
  readonly grpcStatus?: string;
  readonly addresses?: readonly string[];
  /** Of `poll`: when the answer with 200 was there, nanoseconds of the machine's monotonic clock. */
  readonly openedAt?: string;
  readonly outcomes?: Readonly<Record<string, number>>;
}
