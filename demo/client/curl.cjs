#!/usr/bin/env node
// The demo's own HTTP client, for machines without curl: curl's flags, output, messages and exit codes for what the demo
// does with it, over HTTP/1.1. Plain JavaScript for any Node from 20 on, since it runs inside workloads. No progress meter.
const { CurlFailure } = require('./failure.cjs');
const { readOptions, UsageMistake, help } = require('./options.cjs');
const { createOutputs } = require('./output.cjs');
const { transfer } = require('./transfer.cjs');

async function main(args) {
  const options = readOptions(args);
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  let exitCode = 0;
  for (const [index, url] of options.urls.entries()) {
    exitCode = await fetchOne(url, options, options.outputs[index]);
  }
  return exitCode;
}

async function fetchOne(url, options, file) {
  const outputs = createOutputs(options, file);
  const facts = { exitcode: 0, errormsg: '', http_code: 0, size_download: 0, url_effective: url, content_type: '' };
  const started = performance.now();
  try {
    await transfer(url, options, outputs, facts);
    await outputs.finish();
  } catch (error) {
    if (!(error instanceof CurlFailure)) throw error;
    facts.exitcode = error.code;
    facts.errormsg = error.message;
    if (!options.silent || options.showError) await outputs.note(`curl: (${error.code}) ${error.message}`);
  }
  facts.time_total = (performance.now() - started) / 1000;
  await outputs.writeOut(facts);
  outputs.close();
  return facts.exitcode;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    if (!(error instanceof CurlFailure) && !(error instanceof UsageMistake)) throw error;
    const number = error instanceof CurlFailure ? `(${error.code}) ` : '';
    process.stderr.write(`curl: ${number}${error.message}\n`);
    process.exitCode = error.code;
  },
);
