// Keeps in a view's book exactly the secrets that its other resources refer to, each a unit of its own: a rotated
// certificate is one small resource, and nothing that uses it is sent again.
import type { Mesh } from '../mesh/mesh.ts';
import type { TypedResource } from './resource.ts';
import type { ResourceBook } from './resource-book.ts';
import { isWorkloadSecret } from './secret-names.ts';
import { buildSecret, filesOf, holdsKey, secretKeysOf } from './secrets.ts';

export interface SecretUnits {
  /** After everything else was built. `changed`: keys of secrets and paths of files that differ. */
  update(mesh: Mesh, changed: ReadonlySet<string>): void;
}

export interface SecretUnitsOptions {
  readonly namespace: string;
  /** Where programs share a user with their proxies (proxy capture), what a proxy has is no secret: no keys there. */
  readonly keys: boolean;
}

export function createSecretUnits(book: ResourceBook, { namespace, keys }: SecretUnitsOptions): SecretUnits {
  const served = new Set<string>();

  function replace(name: string, secret: TypedResource | undefined): void {
    book.replace(`secret ${name}`, secret === undefined ? [] : [secret]);
    if (secret === undefined) served.delete(name);
    else served.add(name);
  }

  return {
    update(mesh, changed) {
      const wanted = new Set(book.secrets().filter((name) => !isWorkloadSecret(name)));
      for (const name of served) if (!wanted.has(name)) replace(name, undefined);
      for (const name of wanted) {
        const sources = [...secretKeysOf(name, namespace), ...filesOf(name)];
        if (served.has(name) && !sources.some((source) => changed.has(source))) continue;
        const secret = keys || !holdsKey(name) ? buildSecret(name, mesh, namespace) : undefined;
        // What was fit once stays until there is something fit again, or nothing at all.
        if (secret === undefined && served.has(name) && sources.some((source) => isThere(mesh, source))) continue;
        replace(name, secret);
      }
    },
  };
}

function isThere({ secrets, files }: Mesh, source: string): boolean {
  return secrets.get(source).length > 0 || files.get(source).length > 0;
}
