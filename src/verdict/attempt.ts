// What a program of a workload would do: one request, or one connection. What is left out is not known; a verdict then tells
// what it depends on.
import type { Protocol } from '../telemetry/traffic.ts';

export interface Attempt {
  /** `http` and `grpc`: without TLS of its own. `tls`: whose SNI is the host, where that is a name. */
  readonly protocol: Protocol;
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  /** That the program connects to. Undefined: what the mesh's DNS answers, else one outside that is nobody's here. */
  readonly address?: string;
  readonly method?: string;
  /** With its query. */
  readonly path?: string;
  /** All that are sent beside the Host, names in lower case. */
  readonly headers?: ReadonlyMap<string, string>;
}
