// The ways in which connections come to the proxies. `redirect`: the network sends them there, with the address that the
// program connected to. `proxy`: the program was told of an HTTP proxy, and names what it wants.

export type Capture =
  | {
      readonly kind: 'redirect';
      /**
       * What `address:port` of the mesh's proxies looks like, by the address of any pod; an expression of RE2 without
       * quotes. Absent: gateways know nobody.
       */
      readonly proxies?: (podIP: string) => string;
    }
  | {
      readonly kind: 'proxy';
      /** Where names lead elsewhere than DNS and the asked port say; under `redirect` the network sees to that. */
      readonly portRules: readonly PortRule[];
    };

/** `--resolve HOST[:PORT]=ADDRESS[:TARGETPORT]`. The host is normalised. */
export interface PortRule {
  readonly host: string;
  readonly port?: number;
  readonly address: string;
  readonly targetPort?: number;
}
