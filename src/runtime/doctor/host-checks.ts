// The machine itself: Node, the user, the kernel's forwarding, the port of the dashboard.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { systemCode } from '../../platform/errors.ts';
import type { Check } from './check.ts';

const oldestNode = 24;

export function checkNode(): Check {
  const { node } = process.versions;
  const common = { name: 'Node', found: node, meaning: 'Sallyport runs on it' };
  if (Number(node.split('.')[0]) >= oldestNode) return { ...common, ok: true };
  return { ...common, ok: false, mend: `install Node ${oldestNode}` };
}

export function checkRoot(): Check {
  const root = process.getuid?.() === 0;
  const common = { name: 'root', ok: root, meaning: 'network namespaces are made by root' };
  return root
    ? { ...common, found: 'yes' }
    : { ...common, found: `user ${process.getuid?.()}`, mend: 'run it by sudo' };
}

/** Both values will do: `up` switches it on, and `down` off again. */
export function checkForwarding(): Check {
  const meaning = 'traffic of workloads leaves through the host';
  const found = readSetting('/proc/sys/net/ipv4/ip_forward');
  if (found === '1') return { name: 'net.ipv4.ip_forward', ok: true, found, meaning };
  if (found === '0') return { name: 'net.ipv4.ip_forward', ok: true, found: '0; on while a mesh is up', meaning };
  return { name: 'net.ipv4.ip_forward', ok: false, found: 'not readable', meaning, mend: 'run on Linux with /proc' };
}

export async function checkPort(port: number): Promise<Check> {
  const common = { name: `port ${port}`, meaning: 'dashboard and API listen on it' };
  const fault = await tryListen(port);
  if (fault === undefined) return { ...common, ok: true, found: 'free' };
  const found = fault === 'EADDRINUSE' ? 'in use' : fault;
  return { ...common, ok: false, found, mend: 'if that is not your mesh, use another one: up --listen 127.0.0.1:PORT' };
}

/** The system's code, or undefined if it went well. */
function tryListen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(systemCode(error) ?? error.message));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
}

function readSetting(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
