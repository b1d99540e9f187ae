// curl's command line, as far as this client knows it.
const { readFileSync } = require('node:fs');
const { CurlFailure } = require('./failure.cjs');

/** The command line is wrong: exit code 2. */
class UsageMistake extends Error {
  code = 2;
}

const help = `Usage: curl.cjs [options...] <url>
 -i, --include              Write the answer's headers too
 -I, --head                 Headers only
 -s, --silent               No error messages
 -S, --show-error           Error messages even with -s
 -f, --fail                 Fail on answers from 400 on
 -o, --output <file>        Write to a file
 -D, --dump-header <file>   Write the headers to a file
 -w, --write-out <format>   Write this afterwards, e.g. '%{http_code}'
 -X, --request <method>     Request method
 -H, --header <header>      Send a header; repeat for more
 -A, --user-agent <name>    Send another User-Agent
 -d, --data <data>          Send data by POST; @file, @- for standard input
 -L, --location             Follow redirects
 -k, --insecure             Trust any certificate
     --cacert <file>        Trust these authorities
 -m, --max-time <seconds>   Longest time for all of it
     --connect-timeout <seconds>
 -x, --proxy <url>          Use this proxy
     --noproxy <hosts>      Hosts that need no proxy
     --resolve <host:port:address>  Where a name is to be found
     --suppress-connect-headers  Leave out the proxy's answer to CONNECT
 -v, --verbose              Say what is sent and received
`;

const flags = new Map([
  ['-i', 'include'],
  ['--include', 'include'],
  ['-I', 'head'],
  ['--head', 'head'],
  ['-s', 'silent'],
  ['--silent', 'silent'],
  ['-S', 'showError'],
  ['--show-error', 'showError'],
  ['-f', 'fail'],
  ['--fail', 'fail'],
  ['-k', 'insecure'],
  ['--insecure', 'insecure'],
  ['-v', 'verbose'],
  ['--verbose', 'verbose'],
  ['-L', 'location'],
  ['--location', 'location'],
  ['--suppress-connect-headers', 'suppressConnectHeaders'],
  ['-h', 'help'],
  ['--help', 'help'],
  // Nothing else is spoken anyway.
  ['--http1.1', 'http1'],
]);

const values = new Map([
  ['-o', (options, value) => options.outputs.push(value)],
  ['-D', (options, value) => set(options, 'dumpHeader', value)],
  ['-w', (options, value) => set(options, 'writeOut', value)],
  ['-X', (options, value) => set(options, 'method', value)],
  ['-H', (options, value) => options.headers.push(value)],
  ['-A', (options, value) => set(options, 'userAgent', value)],
  ['-d', (options, value) => options.data.push(readData(value))],
  ['-m', (options, value, name) => set(options, 'maxTimeMs', milliseconds(value, name))],
  ['--connect-timeout', (options, value, name) => set(options, 'connectTimeoutMs', milliseconds(value, name))],
  ['--cacert', (options, value) => set(options, 'cacert', value)],
  ['-x', (options, value) => set(options, 'proxy', value)],
  ['--noproxy', (options, value) => set(options, 'noProxy', value)],
  ['--resolve', (options, value, name) => options.resolve.push(readResolve(value, name))],
  ['--url', (options, value) => options.urls.push(value)],
]);

const longNames = new Map([
  ['--output', '-o'],
  ['--dump-header', '-D'],
  ['--write-out', '-w'],
  ['--request', '-X'],
  ['--header', '-H'],
  ['--user-agent', '-A'],
  ['--data', '-d'],
  ['--max-time', '-m'],
  ['--proxy', '-x'],
]);

function readOptions(args) {
  const options = { urls: [], outputs: [], headers: [], data: [], resolve: [] };
  const rest = [...args];
  while (rest.length > 0) {
    const argument = rest.shift();
    if (argument.startsWith('--') && argument.length > 2) readLong(argument, rest, options);
    else if (argument.startsWith('-') && argument.length > 1) readShorts(argument, rest, options);
    else options.urls.push(argument);
  }
  if (options.urls.length === 0 && !options.help) throw new UsageMistake('no URL specified; try --help');
  return options;
}

function readLong(name, rest, options) {
  const read = values.get(longNames.get(name) ?? name);
  if (flags.has(name)) options[flags.get(name)] = true;
  else if (read !== undefined) read(options, parameterOf(name, rest), name);
  else throw new UsageMistake(`option ${name}: is unknown`);
}

/** `-sD FILE`, `-o/dev/null`: flags may stand together, the last may take a value, glued to it or behind it. */
function readShorts(argument, rest, options) {
  for (let index = 1; index < argument.length; index++) {
    const name = `-${argument[index]}`;
    const read = values.get(name);
    if (flags.has(name)) options[flags.get(name)] = true;
    else if (read === undefined) throw new UsageMistake(`option ${argument}: is unknown`);
    else return read(options, argument.slice(index + 1) || parameterOf(name, rest), name);
  }
}

function parameterOf(name, rest) {
  if (rest.length === 0) throw new UsageMistake(`option ${name}: requires parameter`);
  return rest.shift();
}

function set(options, name, value) {
  options[name] = value;
}

function milliseconds(text, name) {
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds >= 0))
    throw new UsageMistake(`option ${name}: expected a proper numerical parameter`);
  return seconds * 1000;
}

/** `frontpage.test:80:127.0.0.1` */
function readResolve(text, name) {
  const [, host, port, address] = /^([^:]+):(\d+):\[?([^\],]+)/.exec(text) ?? [];
  if (address === undefined) throw new UsageMistake(`option ${name}: expected HOST:PORT:ADDRESS`);
  return { host: host.toLowerCase(), port: Number(port), address };
}

function readData(text) {
  if (!text.startsWith('@')) return text;
  const file = text.slice(1);
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/[\r\n]/g, '');
  } catch {
    throw new CurlFailure(26, `Failed to open ${file}`);
  }
}

module.exports = { readOptions, UsageMistake, help };
