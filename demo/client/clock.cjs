// The time a transfer may take: all of it (-m), and until it is connected (--connect-timeout).
const { CurlFailure } = require('./failure.cjs');

function createClock({ maxTimeMs, connectTimeoutMs }) {
  const started = performance.now();
  let received = 0;
  const isConnecting = (phase) => phase === 'connect' || phase === 'TLS';

  function late(phase) {
    const after = `${Math.round(performance.now() - started)} milliseconds`;
    if (phase === 'connect') return new CurlFailure(28, `Connection timed out after ${after}`);
    if (phase === 'TLS') return new CurlFailure(28, 'SSL connection timeout');
    return new CurlFailure(28, `Operation timed out after ${after} with ${received} bytes received`);
  }

  return {
    receive(bytes) {
      received += bytes;
    },
    /** The promise's result, or a failure once the time is over. */
    async race(promise, phase) {
      const limits = [maxTimeMs, isConnecting(phase) ? connectTimeoutMs : undefined].filter((limit) => limit > 0);
      if (limits.length === 0) return promise;
      // It may fail when nobody waits for it any more.
      promise.catch(() => {});
      let timer;
      const over = new Promise((_, reject) => {
        timer = setTimeout(() => reject(late(phase)), started + Math.min(...limits) - performance.now());
      });
      try {
        return await Promise.race([promise, over]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

module.exports = { createClock };
