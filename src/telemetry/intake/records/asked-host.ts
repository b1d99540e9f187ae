// Whom a refused or passed event was for (contract 15): the Host, else the SNI, else the address; in lower case, without
// a dot at the end and without port. The texts are the caller's: what is not a plain character is escaped.
import { isIP } from 'node:net';
import { otherHost } from '../../traffic.ts';
import type { EventRecord } from './event-record.ts';

export interface Asked {
  /** `other` if nothing is known of it. */
  readonly host: string;
  /** Of the address that the connection was going to, else what the Host names, else the protocol's; 0 if unknown. */
  readonly port: number;
  /** `address:port`, empty if unknown. */
  readonly address: string;
}

const longestHost = 300;

export function askedOf(record: EventRecord): Asked {
  const authority = splitPort(record.authority);
  const local = splitPort(record.local);
  const address = isAddress(local.host) ? local.host : '';
  const named = plainHost(authority.host);
  const sni = plainHost(record.sni);
  const host = [named, sni, plainHost(address)].find((candidate) => candidate !== '') ?? otherHost;
  const usual = named !== '' ? 80 : sni !== '' ? 443 : 0;
  return {
    host,
    port: local.port ?? authority.port ?? usual,
    address: address === '' ? '' : record.local,
  };
}

/** For people and for labels: no control character, no space, nothing that only looks like something else. */
export function plainText(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function plainHost(text: string): string {
  const host = plainText(text.toLowerCase()).slice(0, longestHost);
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** `[::1]:80`, `::1`, `a.test:80`, `a.test:` and `a.test:x`, whose port is none: Envoy leaves all behind the colon out. */
function splitPort(text: string): { readonly host: string; readonly port: number | undefined } {
  const bracket = text.startsWith('[') ? text.indexOf(']') : -1;
  if (bracket !== -1) return { host: text.slice(1, bracket), port: portOf(text.slice(bracket + 2)) };
  const colon = text.lastIndexOf(':');
  if (colon === -1 || text.indexOf(':') !== colon) return { host: text, port: undefined };
  return { host: text.slice(0, colon), port: portOf(text.slice(colon + 1)) };
}

function portOf(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port <= 65_535 ? port : undefined;
}

/** Listeners that have no address of their own write `0.0.0.0`, or no address. */
function isAddress(host: string): boolean {
  return isIP(host) !== 0 && host !== '0.0.0.0' && host !== '::';
}
