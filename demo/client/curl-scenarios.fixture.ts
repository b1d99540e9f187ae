// Command lines of the demo's client with what they print and how they end. But for the wording of
// errors, which differs from version to version, every scenario holds for the real curl as well.
import { authorityFile } from '../../test/support/tls-fixtures.ts';
import type { CurlServers } from './curl-servers.fixture.ts';

export interface Scenario {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: number;
  readonly stdout?: string;
  /** Without the numbers in it. */
  readonly stderr?: string;
  /** The standard error of these tests is a socket, which curl cannot open by its name. */
  readonly onlyOurs?: boolean;
}

const answerHead = 'HTTP/1.1 200 OK\r\nX-First: 1\r\ndate: now\r\nx-LAST: z\r\nContent-Length: 2\r\n';
const keepAlive = 'Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n';

export function curlScenarios(servers: CurlServers): readonly Scenario[] {
  const { folder, plain, secure, empty, reset, short, chunked, rubbish, silent, nobody, proxy } = servers;
  return [
    { name: 'the body', args: [`http://${plain}/`], code: 0, stdout: 'ok' },
    { name: 'no scheme', args: ['-s', plain], code: 0, stdout: 'ok' },
    {
      name: '-i: status, headers in their order and case',
      args: ['-i', `http://${plain}`],
      code: 0,
      stdout: `${answerHead}${keepAlive}ok`,
    },
    { name: '-I', args: ['-sSI', `http://${plain}/`], code: 0, stdout: `${answerHead}${keepAlive}` },
    {
      name: '-sD /dev/stderr -o/dev/null, as the third story has it',
      args: ['-sD', '/dev/stderr', `http://${plain}`, '-o/dev/null'],
      code: 0,
      stderr: `${answerHead}${keepAlive}`,
      onlyOurs: true,
    },
    {
      name: '-D -',
      args: ['-s', '-D', '-', '-o', '/dev/null', `http://${plain}`],
      code: 0,
      stdout: `${answerHead}${keepAlive}`,
    },
    {
      name: '-w',
      args: ['-so/dev/null', '-w', '%{http_code} %{size_download}\\n', `http://${plain}/404`],
      code: 0,
      stdout: '404 10\n',
    },
    {
      name: '-w after a failure',
      args: ['-s', '-w', '%{http_code}', `http://127.0.0.1:${nobody}`],
      code: 7,
      stdout: '000',
    },
    {
      name: '-f',
      args: ['-sSf', `http://${plain}/404`],
      code: 22,
      stderr: 'curl: (N) The requested URL returned error: N\n',
    },
    {
      name: '-X and -H',
      args: ['-s', '-X', 'PUT', '-H', 'Host: other.test', `http://${plain}/echo`],
      code: 0,
      stdout: 'PUT other.test ',
    },
    {
      name: '-d',
      args: ['-s', '-d', 'a=1', '-d', 'b=2', '-HHost: o.test', `http://${plain}/echo`],
      code: 0,
      stdout: 'POST o.test a=1&b=2',
    },
    { name: '-L', args: ['-sL', '-w', '%{http_code}', `http://${plain}/redirect`], code: 0, stdout: 'not found\n404' },
    { name: 'no -L', args: ['-s', '-w', '%{http_code}', `http://${plain}/redirect`], code: 0, stdout: '302' },
    { name: '-o', args: ['-s', '-o', `${folder}/body`, `http://${plain}`], code: 0 },
    { name: '-o where nothing can be written', args: ['-s', '-o', `${folder}/no/such`, `http://${plain}`], code: 23 },
    {
      name: 'no such host',
      args: ['-sS', 'http://nobody.invalid'],
      code: 6,
      stderr: 'curl: (N) Could not resolve host: nobody.invalid\n',
    },
    {
      name: 'connection refused',
      args: ['-sS', `http://127.0.0.1:${nobody}`],
      code: 7,
      stderr: "curl: (N) Failed to connect to N port N after N ms: Couldn't connect to server\n",
    },
    {
      name: 'no answer at all',
      args: ['-sS', `http://${empty}`],
      code: 52,
      stderr: 'curl: (N) Empty reply from server\n',
    },
    {
      name: 'reset',
      args: ['-sS', `http://${reset}`],
      code: 56,
      stderr: 'curl: (N) Recv failure: Connection reset by peer\n',
    },
    {
      name: 'half an answer',
      args: ['-sS', `http://${short}`],
      code: 18,
      stdout: 'half',
      stderr: 'curl: (N) transfer closed with N bytes remaining to read\n',
    },
    {
      name: 'half an answer in chunks',
      args: ['-sS', `http://${chunked}`],
      code: 18,
      stdout: 'half',
      stderr: 'curl: (N) transfer closed with outstanding read data remaining\n',
    },
    {
      name: 'no HTTP',
      args: ['-sS', `http://${rubbish}`],
      code: 1,
      stderr: 'curl: (N) Received HTTP/N when not allowed\n',
    },
    {
      name: '-m',
      args: ['-sS', '-m', '0.3', `http://${silent}`],
      code: 28,
      stderr: 'curl: (N) Operation timed out after N milliseconds with N bytes received\n',
    },
    {
      name: 'a connection that is reset in the handshake',
      args: ['-sS', `https://${reset}`],
      code: 35,
      stderr: 'curl: (N) Recv failure: Connection reset by peer\n',
    },
    { name: 'a connection that is closed in the handshake', args: ['-s', `https://${empty}`], code: 35 },
    { name: '--cacert', args: ['-s', '--cacert', authorityFile, secure], code: 0, stdout: 'outside' },
    { name: 'SSL_CERT_FILE', args: ['-s', secure], env: { SSL_CERT_FILE: authorityFile }, code: 0, stdout: 'outside' },
    {
      name: 'CURL_CA_BUNDLE',
      args: ['-s', secure],
      env: { CURL_CA_BUNDLE: authorityFile },
      code: 0,
      stdout: 'outside',
    },
    { name: 'an unknown authority', args: ['-s', secure], code: 60 },
    { name: '-k', args: ['-sk', secure], code: 0, stdout: 'outside' },
    {
      name: 'no such file of authorities',
      args: ['-sS', '--cacert', '/no/such', secure],
      code: 77,
      stderr: 'curl: (N) error setting certificate file: /no/such\n',
    },
    { name: 'a scheme of others', args: ['-s', 'gopherx://a'], code: 1 },
    { name: 'no URL', args: ['-s'], code: 2 },
    { name: 'an unknown option', args: ['--nonsense', 'http://a'], code: 2 },
    { name: 'an option without its value', args: ['http://a', '-o'], code: 2 },
    {
      name: 'HTTP by a proxy',
      args: ['-s', 'http://plain.test/echo'],
      env: { http_proxy: proxy.url },
      code: 0,
      stdout: 'GET plain.test ',
    },
    {
      name: 'HTTPS by a proxy, whose own answer is shown first',
      args: ['-si', '--cacert', authorityFile, 'https://api.example.test/'],
      env: { HTTPS_PROXY: proxy.url },
      code: 0,
    },
    {
      name: 'a tunnel that the proxy refuses',
      args: ['-sSi', 'https://blocked.test/'],
      env: { HTTPS_PROXY: proxy.url },
      code: 56,
      stdout: 'HTTP/1.1 403 Forbidden\r\nserver: envoy\r\ncontent-length: 0\r\n\r\n',
      stderr: 'curl: (N) CONNECT tunnel failed, response N\n',
    },
    {
      name: 'a request that the proxy refuses',
      args: ['-s', '-w', '%{http_code}', 'http://blocked.test/'],
      env: { http_proxy: proxy.url },
      code: 0,
      stdout: '403',
    },
    {
      name: 'NO_PROXY',
      args: ['-s', `http://${plain}`],
      env: { http_proxy: 'http://127.0.0.1:1', NO_PROXY: '10.0.0.0/8,127.0.0.0/8' },
      code: 0,
      stdout: 'ok',
    },
    {
      name: '--resolve',
      args: [
        '-s',
        '--resolve',
        `frontpage.test:${plain.split(':')[1]}:127.0.0.1`,
        `frontpage.test:${plain.split(':')[1]}`,
      ],
      code: 0,
      stdout: 'ok',
    },
    {
      name: 'a proxy that has no address',
      args: ['-sS', 'http://a.test'],
      env: { http_proxy: 'http://nobody.invalid:1' },
      code: 5,
      stderr: 'curl: (N) Could not resolve proxy: nobody.invalid\n',
    },
  ];
}
