// Ports that are free now, for programs that cannot be told to pick one themselves. Prefer port 0 where it works.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port free for TCP and for UDP on the address. Something else may take it before you do: bind at once. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const tcp = createServer();
    tcp.listen(0, address);
    await once(tcp, 'listening');
    const bound = tcp.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const free = await udpFree(port, address);
    tcp.close();
    await once(tcp, 'close');
    if (free) return port;
  }
  throw new Error(`no port of ${address} is free for both TCP and UDP`);
}

async function udpFree(port: number, address: string): Promise<boolean> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.bind(port, address);
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
