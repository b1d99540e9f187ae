// The control plane of a benchmark: the real one, in a process of its own, without a keeper. Argument: its data folder.
// Sends `ready` to its parent when it serves xDS on the address in SALLYPORT_BENCH_XDS; ends with SIGTERM.
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
process.send?.('ready');
await controlPlane.closed;
process.disconnect();
