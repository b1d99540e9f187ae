// Programs started for real, in a real sandbox: what they get, what they cannot see or do, and how they end.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { renderResolvConf } from '../dns/resolv-conf.ts';
import { onOwnHost } from '../network/testing/own-host.ts';
import { firstPid, programPid, signalProgram } from './program.ts';
import { nobody, path, root, running, secretFile, testWorkloads } from './testing/workloads.ts';

onOwnHost(import.meta.filename, () => {
  const { mesh, sandbox, run, shell } = testWorkloads();

  describe('a program', () => {
    test('has exactly the environment it was given', async (t) => {
      const env = {
        PATH: path,
        'spring.profiles.active': 'dev',
        'with-dash': '1',
        EMPTY: '',
        QUOTES: `'"$PATH\`id\`\\`,
        LINES: 'one\ntwo ',
        LD_PRELOAD: '',
      };
      const started = run(t, { command: ['env', '-0'], env, user: nobody });
      assert.equal(await started.exit, 0);
      const pairs = started.output().split('\0').filter(Boolean);
      assert.deepEqual(
        pairs.sort(),
        Object.entries(env)
          .map(([name, value]) => `${name}=${value}`)
          .sort(),
      );
    });

    test('gets its arguments untouched', async (t) => {
      const words = ['$HOME', '', 'a b', "it's", '--', '-n', '*'];
      const started = run(t, { command: ['printf', '[%s]', ...words] });
      assert.equal(await started.exit, 0);
      assert.equal(started.output(), words.map((word) => `[${word}]`).join(''));
    });

    test('has its folder, host name, user and resolver', async (t) => {
      const user = { uid: 1234, gid: 4321, groups: [7, 8] };
      const started = shell(t, 'pwd; uname -n; id -u; id -g; id -G; cat /etc/resolv.conf', { user, cwd: '/usr' });
      assert.equal(await started.exit, 0, started.output());
      const expected = ['/usr', 'web-1', '1234', '4321', '4321 7 8', renderResolvConf(sandbox().relayIP, 'shop')];
      assert.equal(started.output(), expected.join('\n'));
    });

    for (const [name, user] of Object.entries({ root, nobody })) {
      test(`has no capability and gets none: ${name}`, async (t) => {
        const started = shell(t, 'grep -E "^(Cap|NoNewPrivs)" /proc/self/status', { user });
        assert.equal(await started.exit, 0);
        const none = ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((set) => `Cap${set}:\t${'0'.repeat(16)}\n`).join('');
        assert.equal(started.output(), `${none}NoNewPrivs:\t1\n`);
      });
    }

    test('sees the files of the host but not those of the mesh', async (t) => {
      const script = `ls /etc/passwd; ls -A ${mesh().dataPath} /run/sallyport; umount ${mesh().dataPath} || unshare --user --map-root-user --mount umount ${mesh().dataPath}; cat ${mesh().dataPath}/${secretFile}`;
      const started = shell(t, script);
      assert.notEqual(await started.exit, 0);
      assert.match(started.output(), /\/etc\/passwd/);
      assert.doesNotMatch(started.output(), /^secret$/m);
      assert.doesNotMatch(started.output(), new RegExp(mesh().network.meshId));
      assert.equal(readFileSync(join(mesh().dataPath, secretFile), 'utf8'), secretFile);
    });

    test('as root can change neither the kernel’s settings nor its network', async (t) => {
      const attempts = [
        'echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6',
        'echo x > /proc/sys/kernel/core_pattern',
        'echo h > /proc/sysrq-trigger',
        'ip route replace default dev lo',
        'ip link set eth0 down',
        'hostname other',
        'mount -t tmpfs none /mnt',
        'mount -o remount,bind,rw /proc/sys',
        `nsenter --net=/proc/1/ns/net true`,
        `nsenter --net=/run/netns/${sandbox().proxyNamespace} true`,
      ];
      const script = attempts.map((attempt) => `(${attempt}) 2> /dev/null && echo "done: ${attempt}"`).join('\n');
      const started = shell(t, `${script}\ntrue`);
      assert.equal(await started.exit, 0);
      assert.equal(started.output(), '');
    });

    test('sees no process but its own', async (t) => {
      const started = shell(t, `kill -0 ${process.pid} 2> /dev/null && echo reached; cat /proc/[0-9]*/comm`);
      assert.equal(await started.exit, 0);
      assert.deepEqual(started.output().trim().split('\n').sort(), ['sh', 'sh']);
    });

    test('may listen on a low port, and on localhost by IPv6', async (t) => {
      const script = `const s = require('net').createServer().listen(80, () => s.close(() =>
        require('net').createServer().listen(81, '::1', () => { console.log('both'); process.exit(0); })));`;
      const started = run(t, { command: [process.execPath, '-e', script] });
      assert.equal(await started.exit, 0, started.output());
      assert.equal(started.output(), 'both\n');
    });
  });

  describe('its end', () => {
    test('gives its exit code, or 128 and the signal', async (t) => {
      assert.equal(await shell(t, 'exit 7').exit, 7);
      assert.equal(await shell(t, 'kill -9 $$').exit, 137);
      assert.equal(await run(t, { command: ['/no/such/program'] }).exit, 127);
      assert.equal(await run(t, { command: ['true'], cwd: '/no/such/folder' }).exit, 126);
    });

    test('comes by a signal to the program itself, which a handler may answer', async (t) => {
      const plain = run(t, { command: ['sleep', '600'], user: nobody });
      await running(plain);
      assert.equal(signalProgram(plain.pid, 'SIGTERM'), true);
      assert.equal(await plain.exit, 143);
      assert.equal(signalProgram(plain.pid, 'SIGTERM'), false);

      const handled = shell(t, 'trap "echo bye; exit 3" TERM INT; echo ready; while :; do sleep 0.05; done');
      await until('it handles signals', () => handled.output() === 'ready\n');
      signalProgram(handled.pid, 'SIGINT');
      assert.equal(await handled.exit, 3);
      assert.equal(handled.output(), 'ready\nbye\n');
    });

    for (const [name, user] of Object.entries({ root, nobody })) {
      test(`takes everything with it when the launcher is killed: ${name}`, async (t) => {
        const started = shell(t, 'setsid sleep 600 & echo ready; exec sleep 600', { user });
        await until('both run', () => started.output() === 'ready\n');
        const inside = [firstPid(started.pid), programPid(started.pid)];
        started.child.kill('SIGKILL');
        await started.exit;
        await until('all have ended', () => inside.every((pid) => !existsSync(`/proc/${pid}/exe`)));
      });
    }

    test('of the program ends what it left behind', async (t) => {
      const started = shell(t, 'setsid sh -c "echo $$; exec sleep 600" > /dev/null & exit 0');
      // The exit is only seen when nobody holds the output any more.
      assert.equal(await started.exit, 0);
    });
  });
});
