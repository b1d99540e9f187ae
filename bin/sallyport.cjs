#!/usr/bin/env node
// Starts sallyport under a Node that can run it. Only syntax and modules of Node 12: an old Node must be able to run
// this file, so that it hands over to the Node 24 in node_modules, or says in one sentence what is missing.
// biome-ignore-all lint/style/useNodejsImportProtocol: Node 12 does not know node: in require
const { spawn } = require('child_process');
const { existsSync, readFileSync, realpathSync } = require('fs');
const { homedir } = require('os');
const { dirname, join } = require('path');

const neededMajor = 24;

function majorOf(version) {
  return Number.parseInt(version.replace(/^v/, ''), 10);
}

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exitCode = 1;
}

function runHere() {
  try {
    // In the user's own cache: into the shared temporary folder others could put code of theirs.
    const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
    require('module').enableCompileCache(join(cache, 'sallyport', 'compile-cache'));
  } catch (_) {
    // Only slower without it.
  }
  import('../src/cli/main.ts').then(
    (cli) => cli.main(process.argv),
    (error) => fail(`this installation of sallyport is incomplete: ${String(error.message).split('\n')[0]}`),
  );
}

/** The Node of the platform package, among this package's own dependencies or hoisted above them. */
function findNode() {
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

function runUnder(node) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  // Before the child starts: a signal must find it and never end this process alone.
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal gives Ctrl-C to the whole group: the child has it already.
      const fromTerminal = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT');
      if (!fromTerminal) child.kill(signal);
    });
  }
  const child = spawn(node, process.execArgv.concat(process.argv.slice(1)), { stdio: 'inherit' });
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

function start() {
  if (majorOf(process.version) >= neededMajor) return runHere();
  const node = findNode();
  if (node !== undefined) return runUnder(node);
  const lacking = `the package node-${process.platform}-${process.arch}, which brings one, is not installed`;
  fail(`sallyport needs Node ${neededMajor} or newer, this is ${process.version}, and ${lacking}`);
}

start();
