// What happens to connections that are open when the mesh is locked (contract line 21): kept HTTP connections are refused at
// the next request, long TCP and TLS ones are cut after the drain time, and allowed ones stay.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serviceEntry, startMesh } from '../support/mesh.ts';
import { startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { until } from '../support/until.ts';

const drainSeconds = 2;

describe('a switch to REGISTRY_ONLY', needs('root', 'iproute2', 'firewall'), () => {
  it('drains what is open and no longer allowed, and nothing else', async (t) => {
    const address = outsideAddress(61);
    await startOutsideHttp({ t, address, port: 80 });
    const raw = await startOutsideTcp({ t, address, port: 7000 });
    const registered = await startOutsideTcp({ t, address, port: 7001 });
    const mesh = await startMesh(t, {
      up: ['--drain-time-s', String(drainSeconds), '--resolve', `db.example=${address}`],
    });
    await mesh.apply(
      serviceEntry('db', {
        hosts: ['db.example'],
        ports: [{ number: 7001, name: 'tcp', protocol: 'TCP' }],
        addresses: [address],
        resolution: 'STATIC',
        endpoints: [{ address }],
      }),
    );
    const caller = await mesh.workload('caller');
    const kept = () => caller.perform({ do: 'http', host: address, keepAlive: true });
    assert.equal((await kept()).status, 200);
    const long = caller.perform({ do: 'tcp', host: address, port: 7000, send: 'x', timeoutMs: 30_000 });
    const allowed = caller.perform({ do: 'tcp', host: 'db.example', port: 7001, send: 'x', timeoutMs: 30_000 });
    await raw.connections.next();
    const stays = await registered.connections.next();

    const switched = performance.now();
    await mesh.run('istio', 'otp', 'restricted');
    await until('the kept connection is refused', async () => (await kept()).status === 502, 3000);
    const result = await long;
    const seconds = (performance.now() - switched) / 1000;
    assert.ok(result.text === 'x' || result.error === 'ECONNRESET', JSON.stringify(result));
    assert.ok(seconds > drainSeconds / 2 && seconds < drainSeconds + 5, `cut after ${seconds} s`);
    stays.socket.write('still here');
    stays.socket.end();
    assert.equal((await allowed).text, 'xstill here');
  });
});
