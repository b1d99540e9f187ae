// `raw-client.ts ADDRESS PORT HOST SECONDS`: keeps 16 connections busy with one GET each and counts the answers, which
// must all be 200 and of one length. Prints `<n> requests in <s>s`, as wrk does.
import { connect } from 'node:net';

const [, , address = '', port = '', host = '', seconds = ''] = process.argv;
const request = Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
const connections = 16;
let answers = 0;

for (let index = 0; index < connections; index++) {
  const socket = connect(Number(port), address, () => socket.write(request));
  socket.setNoDelay(true);
  socket.on('data', (answer: Buffer) => {
    if (!answer.subarray(0, 12).equals(ok)) throw new Error(answer.toString());
    answers += 1;
    socket.write(request);
  });
}
const ok = Buffer.from('HTTP/1.1 200');
setTimeout(() => {
  process.stdout.write(`${answers} requests in ${seconds}s\n`);
  process.exit();
}, Number(seconds) * 1000);
