#!/usr/bin/env node
// Starts sallyport under a Node that can run it, or says in one sentence what is missing. Only syntax and modules of
// Node 12, as in node-24.cjs.
// biome-ignore-all lint/style/useNodejsImportProtocol: Node 12 does not know node: in require
const { homedir } = require('os');
const { join } = require('path');
const { fits, runUnderNode } = require('./node-24.cjs');

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
    (error) => {
      process.stderr.write(
        `error: this installation of sallyport is incomplete: ${String(error.message).split('\n')[0]}\n`,
      );
      process.exitCode = 1;
    },
  );
}

if (fits) runHere();
else runUnderNode(process.argv.slice(1));
