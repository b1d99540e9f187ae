// Where something went, for people: `api.example.com:443`, `[2001:db8::1]:443`, without a port where it is not known.
import type { Destination } from './traffic.ts';

export function placeOf({ host, port }: Pick<Destination, 'host' | 'port'>): string {
  if (port === 0) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
