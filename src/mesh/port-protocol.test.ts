import assert from 'node:assert/strict';
import { test } from 'node:test';
import { servicePortProtocol } from './port-protocol.ts';

type Port = Parameters<typeof servicePortProtocol>[0];

const rows: readonly (readonly [string, Port, string])[] = [
  ['the first word of the name', { name: 'http2-web', port: 80 }, 'HTTP2'],
  ['a name of two words', { name: 'grpc-web', port: 80 }, 'GRPC-WEB'],
  ['the same, and more', { name: 'gRPC-Web-front', port: 80 }, 'GRPC-WEB'],
  ['a word that is none', { name: 'web', port: 80 }, 'auto'],
  ['no name', { port: 80 }, 'auto'],
  ['what is said before what it is called', { name: 'http-web', appProtocol: 'tcp', port: 80 }, 'TCP'],
  ['before a name of two words too', { name: 'grpc-web', appProtocol: 'tcp', port: 80 }, 'TCP'],
  ['said in two words', { name: 'x', appProtocol: 'grpc-web', port: 80 }, 'GRPC-WEB'],
  ['Kubernetes’ own words', { name: 'x', appProtocol: 'kubernetes.io/h2c', port: 80 }, 'HTTP2'],
  ['of WebSockets', { name: 'x', appProtocol: 'kubernetes.io/ws', port: 80 }, 'HTTP'],
  ['of WebSockets over TLS', { name: 'x', appProtocol: 'kubernetes.io/wss', port: 80 }, 'HTTPS'],
  ['somebody’s own word', { name: 'http', appProtocol: 'example.com/own', port: 80 }, 'auto'],
  ['a port whose servers speak first', { name: 'db', port: 3306 }, 'TCP'],
  ['such a port that says what it is', { name: 'http-admin', port: 3306 }, 'HTTP'],
];

for (const [what, port, protocol] of rows) test(what, () => assert.equal(servicePortProtocol(port), protocol));
