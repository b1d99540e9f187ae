import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostTelling, tellingLines } from './telling-lines.ts';

const node = `starting
node:events:497
      throw er; // Unhandled 'error' event
      ^

Error: listen EADDRINUSE: address already in use :::8080
    at Server.setupListenHandle [as _listen2] (node:net:1940:16)
    at listenInCluster (node:net:1997:12)
Emitted 'error' event on Server instance at:
    at emitErrorNT (node:net:1976:8) {
  code: 'EADDRINUSE',
  errno: -98,
  syscall: 'listen',
  address: '::',
  port: 8080
}

Node.js v24.1.0
`;

test('of Node’s many lines the error comes first', () => {
  const lines = tellingLines(node);
  assert.equal(lines[0], 'Error: listen EADDRINUSE: address already in use :::8080');
  assert.equal(lines.length, 5);
  assert.equal(mostTelling(lines), lines[0]);
});

test('of a traceback the error is the last, with what stands before it', () => {
  const text =
    'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    import nothing\nModuleNotFoundError: No module named nothing\n';
  assert.equal(mostTelling(tellingLines(text)), 'ModuleNotFoundError: No module named nothing');
  assert.equal(tellingLines(text).length, 4);
});

test('without an error they are the last lines, cut', () => {
  const text = `${Array.from({ length: 9 }, (_, index) => `line ${index}`).join('\n')}\n\n${'x'.repeat(999)}\n`;
  assert.deepEqual(tellingLines(text), ['line 5', 'line 6', 'line 7', 'line 8', 'x'.repeat(300)]);
  assert.equal(mostTelling(tellingLines(text)), 'x'.repeat(300));
  assert.equal(mostTelling(tellingLines('')), undefined);
});
