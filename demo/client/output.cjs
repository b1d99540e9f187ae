// Where an answer goes: its body, its headers, what -w asks for, and what -v tells.
const { closeSync, openSync, writeSync } = require('node:fs');
const { CurlFailure } = require('./failure.cjs');

/** Opened by their names these would fail on sockets, and begin anew in files. */
const streams = new Map([
  ['-', process.stdout],
  ['/dev/stdout', process.stdout],
  ['/dev/fd/1', process.stdout],
  ['/dev/stderr', process.stderr],
  ['/dev/fd/2', process.stderr],
]);

function createOutputs(options, file = '-') {
  const body = createSink(file);
  const dump = options.dumpHeader === undefined ? undefined : createSink(options.dumpHeader);
  const note = (line) => writeTo(process.stderr, `${line}\n`);

  return {
    body: (chunk) => body.write(chunk),
    note,
    verbose: async (line) => (options.verbose ? note(line) : undefined),
    async headers(text) {
      await dump?.write(text);
      if (options.include || options.head) await body.write(text);
    },
    async writeOut(facts) {
      if (options.writeOut !== undefined) await writeTo(process.stdout, fill(options.writeOut, facts));
    },
    /** Files that got nothing are there as well. */
    async finish() {
      await body.write('');
      await dump?.write('');
    },
    close() {
      body.close();
      dump?.close();
    },
  };
}

function createSink(name) {
  const stream = streams.get(name);
  if (stream !== undefined) return { write: (chunk) => writeTo(stream, chunk), close: () => {} };
  let file;
  return {
    async write(chunk) {
      try {
        file ??= openSync(name, 'w');
        writeSync(file, chunk);
      } catch {
        throw new CurlFailure(23, `Failure writing output to destination: ${name}`);
      }
    },
    close() {
      if (file !== undefined) closeSync(file);
    },
  };
}

function writeTo(stream, chunk) {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new CurlFailure(23, 'Failure writing output to destination'));
    stream.once('error', fail);
    stream.write(chunk, (error) => {
      if (error) return fail();
      stream.off('error', fail);
      resolve();
    });
  });
}

/** `%{http_code}` and its like; `\n`, `\r`, `\t`; `%%`. What is unknown stays away. */
function fill(format, facts) {
  const texts = {
    ...facts,
    http_code: String(facts.http_code).padStart(3, '0'),
    response_code: String(facts.http_code).padStart(3, '0'),
    time_total: facts.time_total.toFixed(6),
  };
  const escapes = { n: '\n', r: '\r', t: '\t' };
  return format.replace(/%\{(\w+)\}|%%|\\([nrt])/g, (_all, name, letter) => {
    if (name !== undefined) return Object.hasOwn(texts, name) ? String(texts[name]) : '';
    return letter === undefined ? '%' : escapes[letter];
  });
}

module.exports = { createOutputs };
