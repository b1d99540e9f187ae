// Where a local mesh keeps what it knows and where its sockets are. One data folder is one mesh.
// Sockets live under a short run folder of their own, since a socket's path ends at 107 bytes.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { homeFolder } from './home-folder.ts';

export interface DataFolder {
  /** Absolute path, mode 0700. */
  readonly path: string;
  /** Eight hex digits of the path: names namespaces, links and tables of this mesh on the host. */
  readonly id: string;
  /** `/run/sallyport/<id>` for root, else under XDG_RUNTIME_DIR, /run/user/<uid> or /tmp. */
  readonly runPath: string;
  /** SQLite database of the object store. */
  readonly storeFile: string;
  /** SQLite database of what was counted and recorded of traffic. */
  readonly trafficFile: string;
  /** The mesh's certificate authority with its key, in a folder of its own. */
  readonly caFile: string;
  /** Unix socket of the control plane's HTTP API, for the CLI. */
  readonly apiSocket: string;
  /** Unix socket of the keeper's HTTP API. */
  readonly keeperSocket: string;
  /** Holds what `up` was started with, so that a later `up` can tell what differs. */
  readonly upFile: string;
  /** The keeper's own state and its journal of what it changed on the host. */
  readonly keeperPath: string;
  /** `<logs>/<namespace>/<pod>/{app,access,envoy}.log`, and `control-plane.log`, `keeper.log`. */
  readonly logsPath: string;
}

/** What a socket's path leaves for the folder above the user's own. */
const longestRuntimeFolder = 55;

/** `--data` wins over `SALLYPORT_DATA` wins over `$XDG_STATE_HOME/sallyport` (`~/.local/state/sallyport`). */
export function dataFolder(option: string | undefined, env: NodeJS.ProcessEnv = process.env): DataFolder {
  const path = resolve(option ?? env['SALLYPORT_DATA'] ?? join(stateFolder(env), 'sallyport'));
  const id = createHash('sha256').update(path).digest('hex').slice(0, 8);
  const runPath = join(runtimeFolder(env), id);
  return {
    path,
    id,
    runPath,
    storeFile: join(path, 'store.sqlite'),
    trafficFile: join(path, 'traffic.sqlite'),
    caFile: join(path, 'ca', 'ca.json'),
    apiSocket: join(runPath, 'api.sock'),
    keeperSocket: join(runPath, 'keeper.sock'),
    upFile: join(path, 'up.json'),
    keeperPath: join(path, 'keeper'),
    logsPath: join(path, 'logs'),
  };
}

function stateFolder(env: NodeJS.ProcessEnv): string {
  return env['XDG_STATE_HOME'] ?? join(homeFolder(), '.local/state');
}

/** /run/user is looked for by itself too, so that a shell without XDG_RUNTIME_DIR finds the same mesh. */
function runtimeFolder(env: NodeJS.ProcessEnv): string {
  const uid = process.getuid?.() ?? 0;
  if (uid === 0) return '/run/sallyport';
  const usable = (folder: string) => isAbsolute(folder) && folder.length <= longestRuntimeFolder && existsSync(folder);
  const own = [env['XDG_RUNTIME_DIR'] ?? '', `/run/user/${uid}`].find(usable);
  return join(own ?? '/tmp', `sallyport-${uid}`);
}
