// How Envoy proves itself to an xDS server without an agent beside it: a token read from a file and a client
// certificate, both replaced while Envoy runs, as kubelet does: by a symlink that is swapped.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Scope, startEnvoy } from '../support/envoy-process.ts';
import { authority, authorityFile, clientCertificates, serverCertificate } from '../support/tls-fixtures.ts';
import { until } from '../support/until.ts';
import { adsBootstrap, startXdsScript, type XdsScript } from '../support/xds-script.ts';
import { type Json, loadAssignment, typed, upstreamHttp } from './envoy-json.ts';

/** A folder whose files are replaced together by swapping the symlink `current`. */
async function rotatingFolder(t: Scope) {
  const folder = await mkdtemp(join(tmpdir(), 'sp-rotate-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  let generation = 0;
  const write = async (files: ReadonlyMap<string, string>) => {
    generation += 1;
    await mkdir(join(folder, `g${generation}`));
    for (const [name, text] of files) await writeFile(join(folder, `g${generation}`, name), text);
    await symlink(`g${generation}`, join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'current'));
  };
  return { folder, current: join(folder, 'current'), write };
}

async function startWithFilter(t: Scope, filter: Json): Promise<XdsScript> {
  const xds = await startXdsScript({ t });
  const { dynamic_resources, xdsCluster } = adsBootstrap(xds.address, { cds: true });
  const clusters = [{ ...xdsCluster, ...upstreamHttp('http2', [filter]) }];
  await startEnvoy({ t, bootstrap: { dynamic_resources, static_resources: { clusters } }, waitFor: 'admin' });
  return xds;
}

async function tokenOfNextStream(xds: XdsScript): Promise<string> {
  const stream = await xds.nextStream();
  const [value] = stream.metadata.get('authorization');
  stream.end();
  return String(value);
}

test('a Lua upstream filter reads the token anew for each stream', async (t) => {
  const token = await rotatingFolder(t);
  await token.write(new Map([['token', 'first\n']]));
  const source = `
    function envoy_on_request(handle)
      local file = io.open("${token.current}/token", "r")
      if file then
        local token = file:read("*l")
        file:close()
        handle:headers():replace("authorization", "Bearer " .. token)
      end
    end`;
  const config = typed('envoy.extensions.filters.http.lua.v3.Lua', { default_source_code: { inline_string: source } });
  const xds = await startWithFilter(t, { name: 'envoy.filters.http.lua', typed_config: config });
  assert.equal(await tokenOfNextStream(xds), 'Bearer first');
  await token.write(new Map([['token', 'second\n']]));
  // The swap may race with a stream that is already being opened, so the one after it decides.
  await tokenOfNextStream(xds);
  assert.equal(await tokenOfNextStream(xds), 'Bearer second');
});

test('credential_injector keeps the first token for ever', async (t) => {
  const token = await rotatingFolder(t);
  await token.write(new Map([['token', 'first']]));
  const secret = {
    name: 'token',
    generic_secret: { secret: { filename: `${token.current}/token`, watched_directory: { path: token.folder } } },
  };
  const secrets = join(token.folder, 'secrets.json');
  const resource = typed('envoy.extensions.transport_sockets.tls.v3.Secret', secret);
  await writeFile(secrets, JSON.stringify({ resources: [resource] }));
  const generic = typed('envoy.extensions.http.injected_credentials.generic.v3.Generic', {
    credential: { name: 'token', sds_config: { path_config_source: { path: secrets } } },
    header: 'authorization',
  });
  const config = typed('envoy.extensions.filters.http.credential_injector.v3.CredentialInjector', {
    credential: { name: 'generic', typed_config: generic },
  });
  const xds = await startWithFilter(t, { name: 'envoy.filters.http.credential_injector', typed_config: config });
  assert.equal(await tokenOfNextStream(xds), 'first');
  await token.write(new Map([['token', 'second']]));
  for (let stream = 0; stream < 5; stream++) assert.equal(await tokenOfNextStream(xds), 'first');
});

test('a client certificate by SDS with watched_directory is replaced for the next connection', async (t) => {
  const files = await rotatingFolder(t);
  const [first, second] = clientCertificates.map(
    ({ cert, key }) =>
      new Map([
        ['cert.pem', cert],
        ['key.pem', key],
      ]),
  );
  assert.ok(first !== undefined && second !== undefined);
  await files.write(first);
  const certificate = {
    certificate_chain: { filename: `${files.current}/cert.pem` },
    private_key: { filename: `${files.current}/key.pem` },
    watched_directory: { path: files.folder },
  };
  const secrets = join(files.folder, 'secrets.json');
  const secret = { name: 'client', tls_certificate: certificate };
  const resource = typed('envoy.extensions.transport_sockets.tls.v3.Secret', secret);
  await writeFile(secrets, JSON.stringify({ resources: [resource] }));

  const xds = await startXdsScript({ t, tls: { ...serverCertificate, clientAuthority: authority } });
  const { dynamic_resources, xdsCluster } = adsBootstrap(xds.address, { cds: true });
  const context = typed('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
    sni: 'localhost',
    common_tls_context: {
      tls_certificate_sds_secret_configs: [{ name: 'client', sds_config: { path_config_source: { path: secrets } } }],
      validation_context: { trusted_ca: { filename: authorityFile } },
    },
  });
  const [host = '', port] = xds.address.split(':');
  const cluster = {
    ...xdsCluster,
    load_assignment: loadAssignment('xds', host, Number(port)),
    transport_socket: { name: 'tls', typed_config: context },
  };
  const bootstrap = { dynamic_resources, static_resources: { clusters: [cluster] } };
  const envoy = await startEnvoy({ t, bootstrap, waitFor: 'admin' });
  const stream = await xds.nextStream();
  assert.equal(stream.clientName, 'client-1');

  await files.write(second);
  await until(
    'the new certificate is loaded',
    async () => (await envoy.stat('cluster.xds.client_ssl_socket_factory.ssl_context_update_by_sds')) >= 2,
  );
  await xds.stop();
  const again = await startXdsScript({
    t,
    address: xds.address,
    tls: { ...serverCertificate, clientAuthority: authority },
  });
  assert.equal((await again.nextStream()).clientName, 'client-2');
  assert.equal(await envoy.stat('sds.client.key_rotation_failed'), 0);
});
