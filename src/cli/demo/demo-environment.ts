// What a demo's mesh has beside its objects: the simulated internet's authority, which its proxies and programs trust, and
// the demo's programs as commands, so that a manifest names them as it would in an image.
import { delimiter, dirname, join, resolve } from 'node:path';
import { authorityName } from '../../../demo/internet/authority-name.ts';
import { userCacheFolder } from '../../runtime/envoy-supply/cache.ts';
import type { DemoSettings } from './demo-settings.ts';

type Environment = Readonly<Record<string, string>>;

const commands = resolve(import.meta.dirname, '../../../demo/bin');

export function demoAuthority({ pki }: DemoSettings): string {
  return join(pki, authorityName);
}

/** `env`: what programs would inherit without a demo. The commands need the Node that runs this process. */
export function demoEnvironment(demo: DemoSettings, env: Environment): Environment {
  const authority = demoAuthority(demo);
  const path = [commands, dirname(process.execPath), env['PATH']].filter((part) => part !== undefined);
  return {
    ...env,
    PATH: path.join(delimiter),
    SSL_CERT_FILE: authority,
    CURL_CA_BUNDLE: authority,
    NODE_EXTRA_CA_CERTS: authority,
    // Programs start twice as fast with half the memory.
    NODE_COMPILE_CACHE: join(userCacheFolder(), 'compile-cache'),
  };
}
