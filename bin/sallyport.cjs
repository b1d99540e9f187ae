#!/usr/bin/env node
// Starts sallyport under a Node that can run it. Old syntax on purpose: any Node since 12 must be able to read
// this file, so that an old one hands over to the Node 24 in node_modules, or says in one sentence what is missing.
'use strict';

var fs = require('fs');
var os = require('os');
var path = require('path');
var spawn = require('child_process').spawn;

var needed = 24;

function major(version) {
  return parseInt(String(version).replace(/^v/, ''), 10) || 0;
}

function fail(message) {
  process.stderr.write('error: ' + message + '\n');
  process.exitCode = 1;
}

/** Compiled code is kept in the user's own cache: in the shared temporary folder others could plant theirs. */
function compileCacheFolder() {
  var cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return path.join(cache, 'sallyport', 'compile-cache');
}

function runHere() {
  try {
    require('module').enableCompileCache(compileCacheFolder());
  } catch (_) {
    // Only slower without it.
  }
  import('../src/cli/main.ts').then(
    function (cli) {
      return cli.main(process.argv);
    },
    function (error) {
      fail('this installation of sallyport is incomplete: ' + String(error.message).split('\n')[0]);
    }
  );
}

/** The Node of the platform package, beside this package's dependencies or hoisted above them. */
function findNode() {
  var name = 'node-' + process.platform + '-' + process.arch;
  var folder = path.dirname(fs.realpathSync(__filename));
  for (;;) {
    var root = path.join(folder, 'node_modules', name);
    try {
      var manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
      var file = path.join(root, 'bin', 'node');
      if (major(manifest.version) >= needed && fs.existsSync(file)) return file;
    } catch (_) {
      // Not here.
    }
    var parent = path.dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

function runUnder(node) {
  var child = spawn(node, process.execArgv.concat(process.argv.slice(1)), { stdio: 'inherit' });
  var signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
  signals.forEach(function (signal) {
    process.on(signal, function () {
      // A terminal gives Ctrl-C to the whole group: the child has it already.
      if ((signal === 'SIGINT' || signal === 'SIGQUIT') && process.stdin.isTTY) return;
      child.kill(signal);
    });
  });
  child.on('error', function (error) {
    fail('cannot start ' + node + ': ' + error.message);
  });
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code);
    signals.forEach(function (name) {
      process.removeAllListeners(name);
    });
    process.kill(process.pid, signal);
  });
}

if (major(process.version) >= needed) {
  runHere();
} else {
  var node = findNode();
  if (node === undefined) {
    fail(
      'sallyport needs Node ' + needed + ' or newer, this is ' + process.version + ', and the package node-' +
        process.platform + '-' + process.arch + ' that brings one is not installed'
    );
  } else {
    runUnder(node);
  }
}
