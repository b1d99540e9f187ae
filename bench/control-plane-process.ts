// The control plane of a benchmark: the real one, in a process of its own, without a keeper. Argument: its data folder.
// Sends `ready` to its parent when it serves xDS on the address in SALLYPORT_BENCH_XDS; ends with SIGTERM.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startControlPlane } from '../src/main.ts';
import { dataFolder } from '../src/platform/data-folder.ts';

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
const folder = dataFolder(process.argv[2]);
const controlPlane = await startControlPlane({
  dataFolder: folder,
  storeFile: folder.storeFile,
  trafficFile: folder.trafficFile,
  files: [],
  listen: undefined,
  xdsAddress: process.env['SALLYPORT_BENCH_XDS'],
  resolve: [],
  capture: 'redirect',
  drainSeconds: 10,
  workloadCertificateMs: 86_400_000,
  caFolder: undefined,
  extraRootsFile: undefined,
  keeper: false,
  env: {},
  signal: stop.signal,
});
/** How late timers come: what its thread does at one go, and the millisecond that they are apart. */
const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();
process.on('message', () => {
  process.send?.({ longestStallMs: delays.max / 1e6 });
  delays.reset();
});
process.send?.('ready');
await controlPlane.closed;
delays.disable();
process.disconnect();
