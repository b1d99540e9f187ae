// `up`: starts a mesh on this machine, or what is missing of one, and applies settings that differ. In the foreground it
// ends with Ctrl-C and takes everything down; with --detach it returns when the mesh is ready.
import { type Command, InvalidArgumentError } from 'commander';
import { SallyportError } from '../../platform/errors.ts';
import { parseResolveRule } from '../../runtime/dns/resolve-rule.ts';
import { parseDuration } from '../../server/duration.ts';
import type { Cli } from '../cli.ts';
import { bringUp, type UpRequest } from '../lifecycle/bring-up.ts';
import { absolutePaths, parseListen, type UpSettings } from '../lifecycle/up-settings.ts';
import { addExamples, collect } from '../usage.ts';
import { takeDown } from './down.ts';

interface UpOptions {
  readonly filename?: readonly string[];
  readonly listen?: string;
  readonly xdsAddress?: string;
  readonly resolve?: readonly string[];
  readonly drainTimeS?: number;
  readonly envoy?: string;
  readonly capture?: string;
  readonly workloadCertTtl?: number;
  readonly caDir?: string;
  readonly detach?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .option('-f, --filename <path>', 'manifests to follow: a file or a folder; may be repeated', collect)
    .option('--listen <address>', 'of the HTTP API and dashboard (default 127.0.0.1:50500)')
    .option('--resolve <rule>', 'HOST[:PORT]=IP[:PORT] for workloads and proxies; may be repeated', collect)
    .option('--capture <way>', 'how traffic reaches the proxies: auto, redirect or proxy (default auto)')
    .option('--envoy <path>', 'the Envoy to run (default SALLYPORT_ENVOY, PATH, or fetched)')
    .option(
      '--drain-time-s <seconds>',
      'how long old connections live when a listener changes (default 10)',
      wholeNumber,
    )
    .option('--workload-cert-ttl <duration>', 'how long a workload certificate is good (default 24h)', certificateLife)
    .option('--ca-dir <folder>', 'your own CA: ca-cert.pem, ca-key.pem, root-cert.pem, cert-chain.pem')
    .option('--xds-address <address>', 'plaintext xDS on loopback for load tests')
    .option('--detach', 'return when the mesh is ready')
    .action((options: UpOptions) => up(cli, options));
  addExamples(command, cli, [
    'up',
    'up --detach -f manifests/ --resolve httpbin.org=192.0.2.10',
    'up --data ./mesh --listen 127.0.0.1:50501',
  ]);
}

async function up(cli: Cli, options: UpOptions): Promise<void> {
  const request: UpRequest = { given: givenSettings(options), detach: options.detach === true };
  const mesh = await bringUp(cli, request);
  if (mesh === undefined) return;
  try {
    await mesh.closed;
  } finally {
    await takeDown(cli);
  }
}

function givenSettings(options: UpOptions): Partial<UpSettings> {
  const { filename, listen, xdsAddress, resolve, drainTimeS, envoy, capture, workloadCertTtl, caDir } = options;
  if (listen !== undefined) parseListen(listen);
  if (xdsAddress !== undefined) parseListen(xdsAddress);
  for (const rule of resolve ?? []) parseResolveRule(rule);
  return {
    ...(filename === undefined ? {} : { files: absolutePaths(filename) }),
    ...(listen === undefined ? {} : { listen }),
    ...(xdsAddress === undefined ? {} : { xdsAddress }),
    ...(resolve === undefined ? {} : { resolve: [...resolve] }),
    ...(drainTimeS === undefined ? {} : { drainSeconds: drainTimeS }),
    ...(envoy === undefined ? {} : { envoy }),
    ...(capture === undefined ? {} : { capture: captureOf(capture) }),
    ...(workloadCertTtl === undefined ? {} : { workloadCertificateMs: workloadCertTtl }),
    // None at all: what was said before is taken back.
    ...(caDir === undefined ? {} : { caFolder: caDir === '' ? null : (absolutePaths([caDir])[0] ?? null) }),
  };
}

function captureOf(word: string): UpSettings['capture'] {
  if (word === 'auto' || word === 'redirect' || word === 'proxy') return word;
  throw new SallyportError('SP_USAGE', `invalid way of capture: ${word}`, {
    hint: 'auto, redirect or proxy',
    exitCode: 2,
  });
}

const shortestCertificateMs = 2000;
const longestCertificateMs = 90 * 86_400_000;

function certificateLife(text: string): number {
  const life = parseDuration(text);
  if (life !== undefined && life >= shortestCertificateMs && life <= longestCertificateMs) return life;
  throw new InvalidArgumentError('not a duration from 2s to 90d, such as 24h');
}

function wholeNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('not a number of seconds');
  return Number(text);
}
