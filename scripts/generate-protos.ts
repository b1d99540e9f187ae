// Generates the Envoy and xDS message types under src/envoy/gen from the protos that npm ships, and
// our own proto/ for messages those lack. Runs in `postprepare`; skips when its inputs have not changed.
// Invariant: output is `js+dts`, since Node's type stripping refuses the enums of a `ts` target.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, '.cache');
const protos = join(cache, 'protos');
const out = join(root, 'src/envoy/gen');
const stamp = join(out, '.stamp');

/** Entry files; what they import is generated too. */
const entries = readFileSync(join(root, 'proto/entries.txt'), 'utf8')
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '' && !line.startsWith('#'));

function ownProtos(): string[] {
  const dir = join(root, 'proto/sallyport');
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.proto'));
}

function inputsHash(): string {
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', 'scripts/generate-protos.ts', 'proto/entries.txt']) {
    hash.update(readFileSync(join(root, file)));
  }
  for (const name of ownProtos()) hash.update(readFileSync(join(root, 'proto/sallyport', name)));
  return hash.digest('hex');
}

/** The shipped protoc-gen-validate is older than the Envoy protos, which use `ignore_empty`. */
function patchValidate(): void {
  const file = join(protos, 'validate/validate.proto');
  let text = readFileSync(file, 'utf8');
  if (text.includes('ignore_empty')) return;
  const fields = new Map([
    ['StringRules', 26],
    ['BytesRules', 14],
    ['RepeatedRules', 5],
    ['MapRules', 6],
  ]);
  text = text.replace(/message (\w+Rules) \{/g, (whole, name: string) => {
    const numeric = /^(Float|Double|U?Int|SInt|S?Fixed)\d*Rules$/.test(name);
    const number = fields.get(name) ?? (numeric ? 8 : undefined);
    return number === undefined ? whole : `${whole}\n  optional bool ignore_empty = ${number};`;
  });
  writeFileSync(file, text);
}

/** Fields that Envoy 1.40 has and the shipped protos lack. */
const lacking: readonly { file: string; after: string; insert: string }[] = [
  {
    file: 'envoy/config/common/mutation_rules/v3/mutation_rules.proto',
    after: 'import "envoy/config/core/v3/base.proto";\n',
    insert: 'import "envoy/type/matcher/v3/string.proto";\n',
  },
  {
    file: 'envoy/config/common/mutation_rules/v3/mutation_rules.proto',
    after: 'message HeaderMutation {\n',
    insert: '  message RemoveOnMatch { type.matcher.v3.StringMatcher key_matcher = 1; }\n',
  },
  {
    file: 'envoy/config/common/mutation_rules/v3/mutation_rules.proto',
    after: '    core.v3.HeaderValueOption append = 2;\n',
    insert: '    RemoveOnMatch remove_on_match = 3;\n',
  },
  {
    file: 'envoy/config/route/v3/route_components.proto',
    after: 'import "envoy/config/core/v3/base.proto";\n',
    insert: 'import "envoy/config/common/mutation_rules/v3/mutation_rules.proto";\n',
  },
  {
    file: 'envoy/config/route/v3/route_components.proto',
    after: '    google.protobuf.BoolValue trace_sampled = 4;\n',
    insert:
      '    repeated common.mutation_rules.v3.HeaderMutation request_headers_mutations = 7;\n    string host_rewrite_literal = 8;\n',
  },
  {
    file: 'envoy/extensions/filters/http/dynamic_forward_proxy/v3/dynamic_forward_proxy.proto',
    after: '  bool save_upstream_address = 2;\n',
    insert: '  bool allow_dynamic_host_from_filter_state = 4;\n',
  },
  {
    file: 'envoy/extensions/filters/network/set_filter_state/v3/set_filter_state.proto',
    after: '  repeated common.set_filter_state.v3.FilterStateValue on_new_connection = 1;\n',
    insert: '  repeated common.set_filter_state.v3.FilterStateValue on_downstream_tls_handshake = 2;\n',
  },
  {
    file: 'envoy/extensions/filters/network/sni_dynamic_forward_proxy/v3/sni_dynamic_forward_proxy.proto',
    after: '      [(validate.rules).message = {required: true}];\n',
    insert: '  bool save_upstream_address = 3;\n',
  },
  {
    file: 'envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
    after: 'message TcpProxy {\n',
    insert:
      '  UpstreamConnectMode upstream_connect_mode = 21;\n  google.protobuf.UInt32Value max_early_data_bytes = 22;\n',
  },
  {
    file: 'envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
    after: 'option (udpa.annotations.file_status).package_version_status = ACTIVE;\n',
    insert: 'enum UpstreamConnectMode { IMMEDIATE = 0; ON_DOWNSTREAM_DATA = 1; ON_DOWNSTREAM_TLS_HANDSHAKE = 2; }\n',
  },
  {
    file: 'envoy/extensions/stat_sinks/open_telemetry/v3/open_telemetry.proto',
    after: 'import "google/protobuf/wrappers.proto";\n',
    insert: 'import "xds/type/matcher/v3/matcher.proto";\n',
  },
  {
    file: 'envoy/extensions/stat_sinks/open_telemetry/v3/open_telemetry.proto',
    after: 'message SinkConfig {\n',
    insert: '  message DropAction {}\n  .xds.type.matcher.v3.Matcher custom_metric_conversions = 8;\n',
  },
  {
    file: 'envoy/extensions/transport_sockets/tls/v3/tls.proto',
    after: '  google.protobuf.BoolValue enforce_rsa_key_usage = 5;\n',
    insert: '  bool auto_host_sni = 6;\n  bool auto_sni_san_validation = 7;\n',
  },
  {
    file: 'envoy/extensions/network/dns_resolver/cares/v3/cares_dns_resolver.proto',
    after: 'message CaresDnsResolverConfig {\n',
    insert:
      '  google.protobuf.UInt64Value query_timeout_seconds = 6;\n  google.protobuf.UInt32Value query_tries = 7;\n',
  },
];

function addLackingFields(): void {
  for (const { file, after, insert } of lacking) {
    const path = join(protos, file);
    const text = readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
    if (!text.includes(after)) throw new Error(`${file} has no line ${JSON.stringify(after)} to add a field after`);
    writeFileSync(path, text.replace(after, after + insert));
  }
}

const hash = inputsHash();
if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) process.exit(0);

rmSync(protos, { recursive: true, force: true });
mkdirSync(protos, { recursive: true });
const shipped = join(root, 'node_modules/@grpc/grpc-js-xds/deps');
for (const part of ['envoy-api', 'googleapis', 'protoc-gen-validate', 'xds']) {
  cpSync(join(shipped, part), protos, { recursive: true });
}
patchValidate();
addLackingFields();
for (const name of ownProtos()) cpSync(join(root, 'proto/sallyport', name), join(protos, name));

writeFileSync(join(cache, 'buf.yaml'), 'version: v2\nmodules:\n  - path: protos\n');
writeFileSync(
  join(cache, 'buf.gen.yaml'),
  [
    'version: v2',
    'plugins:',
    '  - local: protoc-gen-es',
    `    out: ${JSON.stringify(out)}`,
    '    include_imports: true',
    '    opt: [target=js+dts, import_extension=js]',
    '',
  ].join('\n'),
);
rmSync(out, { recursive: true, force: true });
const bin = join(root, 'node_modules/.bin');
execFileSync(
  process.execPath,
  [
    join(root, 'scripts/tool.ts'),
    'buf',
    'generate',
    '--template',
    'buf.gen.yaml',
    ...[...entries, ...ownProtos()].flatMap((p) => ['--path', `protos/${p}`]),
  ],
  {
    cwd: cache,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
  },
);
writeFileSync(stamp, hash);
