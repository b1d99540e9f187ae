// The world outside: a network namespace behind the test's host, with TCP servers and the kernel's own counters of what
// arrived, so that nothing can slip by unseen.
import { execFileSync } from 'node:child_process';
import { until } from '../../../../test/support/until.ts';
import { type Scope, start } from '../../launch/testing/started.ts';
import { namespaceFile } from '../addresses.ts';

const name = 'outside';

export const outsideIP = '198.51.100.2';
/** A second address, of the range that proxies are refused. */
export const linkLocalIP = '169.254.77.7';
export const hostOutsideIP = '198.51.100.1';
export const outsidePorts = [80, 7000] as const;
/** Takes what it is sent and says nothing. */
export const silentPort = 7001;

export interface Outside {
  /** IPv4 packets that reached it, of any protocol. */
  received(): number;
}

/** Says `<local port> <peer's address>` and ends the connection. */
const server = `
const { createServer } = require('node:net');
const ports = process.argv.slice(1).map(Number);
let open = 0;
for (const port of ports) createServer((socket) => {
  socket.on('error', () => {});
  socket.end(socket.localPort + ' ' + socket.remoteAddress);
}).listen(port, '0.0.0.0', () => ++open === ports.length && console.log('ready'));
createServer((socket) => socket.on('error', () => {}).resume()).listen(${silentPort}, '0.0.0.0');`;

export async function startOutside(scope: Scope): Promise<Outside> {
  ip('netns', 'add', name);
  scope.after(() => void ip('netns', 'delete', name));
  // The kernel removes a namespace's links some time after the namespace.
  scope.after(() => void ip('link', 'delete', 'tooutside'));
  ip('link', 'add', 'tooutside', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  ip('address', 'add', `${hostOutsideIP}/30`, 'dev', 'tooutside');
  ip('link', 'set', 'tooutside', 'up');
  ip('route', 'add', `${linkLocalIP}/32`, 'via', outsideIP);
  for (const address of [`${outsideIP}/30`, `${linkLocalIP}/32`]) {
    ip('-n', name, 'address', 'add', address, 'dev', 'eth0');
  }
  ip('-n', name, 'link', 'set', 'lo', 'up');
  ip('-n', name, 'link', 'set', 'eth0', 'up');
  ip('-n', name, 'route', 'add', 'default', 'via', hostOutsideIP);
  const argv = [...inOutside, process.execPath, '-e', server, ...outsidePorts.map(String)];
  const running = start({ argv, env: {} }, scope);
  await until('the outside serves', () => running.output() === 'ready\n');
  return {
    received() {
      const [program, ...args] = inOutside;
      const text = execFileSync(program, [...args, 'cat', '/proc/net/snmp'], { encoding: 'utf8' });
      return Number(/^Ip:(?: \d+){2} (\d+)/m.exec(text)?.[1]);
    },
  };
}

/** Put before a command that is to run there. */
export const inOutside = ['nsenter', `--net=${namespaceFile(name)}`, '--'] as const;

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}
