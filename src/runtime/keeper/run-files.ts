// The files of running pods in the mesh's run folder, by the pod's index: short, since a socket's path ends at 107
// bytes. `x/<index>` belongs to the pod's Envoy alone: its bootstrap, xds.sock and admin.sock. What we write there
// is written as if an attacker owned the folder: by a new file, never through a link.
import {
  chmodSync,
  chownSync,
  closeSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { SallyportError } from '../../platform/errors.ts';

const longestSocketPath = 107;
const firstProxyUid = 61_000;

export interface RunFiles {
  /** SandboxStatus.xdsPath. */
  readonly xdsPath: string;
  readonly adminSocket: string;
  readonly bootstrap: string;
  /** The resolv.conf that the program sees. */
  readonly resolvConf: string;
}

/** Throws SallyportError where the run folder's path is too long for sockets. */
export function runFiles(runPath: string, index: number): RunFiles {
  const xdsPath = join(runPath, 'x', String(index));
  const adminSocket = join(xdsPath, 'admin.sock');
  if (Buffer.byteLength(adminSocket) > longestSocketPath) {
    const hint = 'set XDG_RUNTIME_DIR to a folder with a shorter path';
    throw new SallyportError('SP_PATH_TOO_LONG', `${adminSocket} is too long for a socket`, { hint });
  }
  const resolvConf = join(runPath, 'resolv', `${index}.conf`);
  return { xdsPath, adminSocket, bootstrap: join(xdsPath, 'bootstrap.json'), resolvConf };
}

/** The user that a pod's Envoy runs as; one for each pod, none of them in use by people. */
export function proxyUid(index: number): number {
  return firstProxyUid + index;
}

/**
 * Makes the mesh's run folder. Root's is passed through by Envoys of other users; anybody else's is closed, and refused
 * where somebody was there first: it may lie in /tmp.
 */
export function makeRunFolder(runPath: string): void {
  const root = process.getuid?.() === 0;
  for (const folder of [dirname(runPath), runPath, join(runPath, 'x')]) {
    mkdirSync(folder, { recursive: true, mode: root ? 0o711 : 0o700 });
    if (root) chmodSync(folder, 0o711);
    else requireOwn(folder);
  }
}

function requireOwn(folder: string): void {
  const found = lstatSync(folder);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) return;
  const hint = 'remove it, or set XDG_RUNTIME_DIR to a folder of yours';
  throw new SallyportError('SP_RUN_FOLDER', `${folder} is not this user's alone`, { hint });
}

export function makeXdsFolder({ xdsPath }: RunFiles, owner: number): void {
  mkdirSync(xdsPath, { recursive: true, mode: 0o700 });
  chmodSync(xdsPath, 0o700);
  if (owner !== process.getuid?.()) chownSync(xdsPath, owner, owner);
}

/** Mode 0600, owned by the Envoy's user. */
export function writeBootstrap({ bootstrap }: RunFiles, owner: number, text: string): void {
  rmSync(bootstrap, { force: true });
  const file = openSync(bootstrap, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    if (owner !== process.getuid?.()) fchownSync(file, owner, owner);
  } finally {
    closeSync(file);
  }
}

export function removeRunFiles({ xdsPath, resolvConf }: RunFiles): void {
  rmSync(xdsPath, { recursive: true, force: true });
  rmSync(resolvConf, { force: true });
}
