// Runs a development tool whose binary comes in a package for each platform: `node scripts/tool.ts biome ci .`. The
// packages are named directly, since the wrappers that usually choose among them also name platforms that a registry may
// lack, and `npm ci` then refuses the lockfile.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [tool = '', ...args] = process.argv.slice(2);

const binaries: ReadonlyMap<string, readonly string[]> = new Map([
  ['biome', ['@biomejs/cli-linux-x64/biome', '@biomejs/cli-linux-arm64/biome']],
  ['buf', ['@bufbuild/buf-linux-x64/bin/buf', '@bufbuild/buf-linux-aarch64/bin/buf']],
]);

const found = (binaries.get(tool) ?? [])
  .map((path) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url)))
  .find((path) => existsSync(path));
if (found === undefined) {
  console.error(`error: no ${tool === '' ? 'tool' : tool} for ${process.platform} ${process.arch} is installed`);
  process.exit(1);
}
const { status } = spawnSync(found, args, { stdio: 'inherit' });
process.exit(status ?? 1);
