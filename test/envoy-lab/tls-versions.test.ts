// Versions and ciphers that a gateway takes: TLS 1.2 and 1.3 unless told otherwise.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, type SecureVersion } from 'node:tls';
import type { TlsContextOptions } from '../../src/envoy/tls-context.ts';
import { createTestAuthority } from '../support/certificates.ts';
import { freePort } from '../support/ports.ts';
import { gatewayListener, routesTo } from './gateway-mesh.ts';
import { certificateSecret, startSecretMesh } from './secret-mesh.ts';

const authority = await createTestAuthority();
const secret = certificateSecret('server.a', await authority.issue({ commonName: 'a.test' }));

interface Offer {
  readonly version: SecureVersion;
  readonly ciphers?: string;
}

/** What was agreed on, or `refused`. Old versions need the lowest security level of OpenSSL. */
async function handshake(port: number, { version, ciphers = 'ALL:@SECLEVEL=0' }: Offer): Promise<string> {
  const options = {
    minVersion: version,
    maxVersion: version,
    ciphers,
    servername: 'a.test',
    rejectUnauthorized: false,
  };
  const socket = connect({ host: '127.0.0.1', port, ...options });
  try {
    await once(socket, 'secureConnect');
    return `${socket.getProtocol()} ${socket.getCipher().standardName}`;
  } catch {
    return 'refused';
  } finally {
    socket.destroy();
  }
}

const chosen = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384';

for (const { name, tls, agreed } of [
  { name: 'as it is', tls: {}, agreed: ['refused', /^TLSv1\.2 /, /^TLSv1\.3 /] },
  { name: 'at least 1.3', tls: { minVersion: 'TLSV1_3' }, agreed: ['refused', 'refused', /^TLSv1\.3 /] },
  { name: 'at most 1.2', tls: { maxVersion: 'TLSV1_2' }, agreed: ['refused', /^TLSv1\.2 /, 'refused'] },
  {
    // Envoy's own ciphers are all of TLS 1.2 and later.
    name: 'at most 1.1, with a cipher of its time',
    tls: { maxVersion: 'TLSV1_1', ciphers: ['ECDHE-ECDSA-AES128-SHA'] },
    agreed: [/^TLSv1\.1 /, 'refused', 'refused'],
  },
  {
    name: 'one cipher',
    tls: { ciphers: ['ECDHE-ECDSA-AES256-GCM-SHA384'] },
    agreed: ['refused', `TLSv1.2 ${chosen}`, /^TLSv1\.3 /],
  },
] satisfies readonly { name: string; tls: TlsContextOptions; agreed: readonly (string | RegExp)[] }[]) {
  test(`${name}: what callers of TLS 1.1, 1.2 and 1.3 agree on`, async (t) => {
    const port = await freePort();
    await startSecretMesh(t, {
      listeners: [gatewayListener(port, [{ name: 'a', hosts: ['a.test'], tls }])],
      routes: [routesTo('a', 'up')],
      secrets: [secret],
    });
    for (const [index, version] of (['TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const).entries()) {
      const wanted = agreed[index] ?? 'refused';
      const got = await handshake(port, { version });
      assert.match(got, wanted instanceof RegExp ? wanted : new RegExp(`^${wanted}$`), version);
    }
  });
}
