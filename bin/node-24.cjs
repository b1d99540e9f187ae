// Runs a program under the Node that Sallyport needs: this one if it is new enough, else the one that npm installed beside
// us, found by its package and not by node_modules/.bin/node, which npm 10 takes away again with the package of another
// platform. Run as `node bin/node-24.cjs FILE [ARGUMENT…]`. Only syntax and modules of Node 12: an old Node must be able
// to run this file.
// biome-ignore-all lint/style/useNodejsImportProtocol: Node 12 does not know node: in require
const { spawn } = require('child_process');
const { existsSync, readFileSync, realpathSync } = require('fs');
const { delimiter, dirname, join } = require('path');

const neededMajor = 24;

function majorOf(version) {
  return Number.parseInt(version.replace(/^v/, ''), 10);
}

const fits = majorOf(process.version) >= neededMajor;

/** The Node of the platform package, among this package's own dependencies or hoisted above them. */
function findNode() {
  if (fits) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  for (let folder = dirname(realpathSync(__filename)); ; folder = dirname(folder)) {
    const root = join(folder, 'node_modules', name);
    const file = join(root, 'bin', 'node');
    try {
      const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
      if (majorOf(version) >= neededMajor && existsSync(file)) return file;
    } catch (_) {
      // Not here.
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exitCode = 1;
}

/** Becomes that Node with these arguments: signals and the way it ends are passed on. */
function runUnderNode(args) {
  const node = findNode();
  if (node === undefined) {
    const lacking = `the package node-${process.platform}-${process.arch}, which brings one, is not installed`;
    return fail(`sallyport needs Node ${neededMajor} or newer, this is ${process.version}, and ${lacking}`);
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  // Before the child starts: a signal must find it and never end this process alone.
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal gives Ctrl-C to the whole group: the child has it already.
      const fromTerminal = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT');
      if (!fromTerminal) child.kill(signal);
    });
  }
  // What it starts by the name `node` is to be the same one.
  const env = Object.assign({}, process.env, { PATH: `${dirname(node)}${delimiter}${process.env.PATH || ''}` });
  const child = spawn(node, process.execArgv.concat(args), { stdio: 'inherit', env });
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

module.exports = { fits, runUnderNode };
if (require.main === module) runUnderNode(process.argv.slice(2));
