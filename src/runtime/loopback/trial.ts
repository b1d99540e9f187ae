// Whether proxy capture works here, found out by doing it: a listener on an address that a pod would have.
import { createServer } from 'node:net';
import { systemCode } from '../../platform/errors.ts';
import { loopbackAddresses, loopbackBlocks } from './addresses.ts';

/** Why it is not possible, in one sentence without a full stop; undefined if it is. */
export function proxyCaptureFault(): Promise<string | undefined> {
  if (process.platform !== 'linux') return Promise.resolve('it needs Linux');
  const { podIP } = loopbackAddresses(loopbackBlocks.at(-1) ?? '', 0);
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(`nothing can listen on ${podIP} (${systemCode(error)})`));
    server.listen(0, podIP, () => server.close(() => resolve(undefined)));
  });
}
