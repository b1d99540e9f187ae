// Addresses as Envoy prints them: `10.0.0.1:80`, `[::1]:80`, `10.0.0.1`, `::1`.

export function withoutPort(peer: string): string {
  if (peer.startsWith('[')) return peer.slice(1, peer.indexOf(']'));
  const colon = peer.lastIndexOf(':');
  return colon === -1 || peer.indexOf(':') !== colon ? peer : peer.slice(0, colon);
}
