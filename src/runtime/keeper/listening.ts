// Which TCP ports are listened on in the network of a process. No connection is made, so the program never sees that it is
// asked.
import { localSockets } from '../network/socket-table.ts';

/** Ports that answer on this IPv4 address: those of the address itself and of a wildcard. Empty if there is no process. */
export function listeningPorts(pid: number, address: string): ReadonlySet<number> {
  const answering = localSockets('tcp', pid).filter(
    (socket) => socket.listens && (socket.address === address || socket.address === '0.0.0.0'),
  );
  return new Set(answering.map(({ port }) => port));
}
