// What a command loads before it does anything: protobuf code and the HTTP module each take longer than most commands.
import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import { test } from 'node:test';

const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});

test('commands start, and files are analysed, without protobuf code and HTTP', async () => {
  await import('../../src/cli/main.ts');
  await import('../../src/cli/commands/analyze.ts');
  await import('../../src/analysis/analyze-manifests.ts');
  assert.ok(loaded.some((url) => url.endsWith('/src/analysis/analyzers.ts')));
  const heavy = loaded.filter((url) => /\/src\/envoy\/|@bufbuild|@grpc|^node:(http|https|http2|sqlite)$/.test(url));
  assert.deepEqual(heavy, []);
});
