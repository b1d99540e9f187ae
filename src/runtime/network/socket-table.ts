// The sockets of a network namespace, of all users, as the kernel lists them: nothing is connected to. (proc(5),
// /proc/PID/net/tcp: `0: 0100007F:1F90 00000000:0000 0A …`, an address is printed as numbers in the machine's byte order.)
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { systemCode } from '../../platform/errors.ts';

/** A socket that takes in IPv4. */
export interface LocalSocket {
  /** `0.0.0.0` for all addresses. */
  readonly address: string;
  readonly port: number;
  /** TCP: it listens. UDP: it is bound. */
  readonly listens: boolean;
}

const listenState = '0A';
const unboundState = '07';
const mappedPrefix = '0000000000000000FFFF0000';

/** Of the namespace that the process is in. Empty if there is no such process. */
export function localSockets(protocol: 'tcp' | 'udp', pid: number | 'self'): readonly LocalSocket[] {
  const listens = protocol === 'tcp' ? listenState : unboundState;
  return [protocol, `${protocol}6`]
    .flatMap((table) => readProc(`/proc/${pid}/net/${table}`).split('\n').slice(1))
    .flatMap((line) => {
      const [, local = '', , state] = line.trim().split(/\s+/);
      const [host = '', port = ''] = local.split(':');
      const address = ipv4Of(host);
      return address === undefined ? [] : [{ address, port: Number.parseInt(port, 16), listens: state === listens }];
    });
}

/** Undefined for an address that IPv4 does not reach. */
function ipv4Of(hex: string): string | undefined {
  if (/^0{32}$/.test(hex)) return '0.0.0.0';
  const own = hex.startsWith(mappedPrefix) ? hex.slice(mappedPrefix.length) : hex;
  if (own.length !== 8) return undefined;
  const bytes = [...Buffer.from(own, 'hex')];
  return (endianness() === 'LE' ? bytes.toReversed() : bytes).join('.');
}

/** Empty for a process that has ended, and for a family that the kernel does not have. */
function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EINVAL') return '';
    throw error;
  }
}
