import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runTool } from './command.ts';

test('tools, and what they run in their turn, are found though PATH names none of their folders', async (t) => {
  const before = process.env['PATH'];
  t.after(() => {
    process.env['PATH'] = before;
  });
  process.env['PATH'] = '/nowhere';
  assert.equal(await runTool('env', ['sh', '-c', 'printf "%s" here']), 'here');
});

test('a tool that is missing or fails is told in one sentence', async () => {
  await assert.rejects(runTool('no-such-tool', []), {
    code: 'SP_TOOL_MISSING',
    message: 'this machine has no no-such-tool',
  });
  await assert.rejects(runTool('sh', ['-c', 'echo why >&2; exit 3']), { message: /^sh -c .*: why$/ });
});
