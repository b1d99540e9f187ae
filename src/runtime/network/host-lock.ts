// One mesh at a time changes what all meshes of a host share (address ranges, ip_forward). The lock is an
// abstract Unix socket: the kernel releases it with its process, and it spans exactly one network namespace.
import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SallyportError, systemCode } from '../../platform/errors.ts';

const name = '\0sallyport-host';
const patienceMs = 15_000;

/** Runs `action` while holding the host's lock; waits for it up to 15 s. */
export async function withHostLock<T>(action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const deadline = Date.now() + patienceMs;
  let holder = await tryLock();
  while (holder === undefined) {
    if (Date.now() > deadline)
      throw new SallyportError('SP_HOST_BUSY', 'another mesh has been changing this host for 15 s');
    await delay(20, undefined, { ...(signal && { signal }) });
    holder = await tryLock();
  }
  const server = holder;
  try {
    return await action();
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

function tryLock(): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (systemCode(error) === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(name, () => resolve(server));
  });
}
