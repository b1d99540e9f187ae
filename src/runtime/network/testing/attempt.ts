// One connection attempt, made by a process that a test puts where it wants (another namespace, another user).
//   node attempt.ts tcp HOST PORT      prints what the other side says, or the error's code
//   node attempt.ts udp HOST PORT      prints the answer, or the error's code, or `sent` if nothing comes back
//   node attempt.ts name HOST          prints the address
//   node attempt.ts dns-udp SERVER PORT NAME, dns-tcp likewise: prints the addresses that server answers
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { systemCode } from '../../../platform/errors.ts';
import { askTcp, askUdp, query } from '../../dns/testing/ask.ts';

const [kind, host = '', port = '0', name = ''] = process.argv.slice(2);
const silenceMs = 300;

function say(words: string): void {
  console.log(words);
  process.exit(0);
}

if (kind === 'tcp') {
  let said = '';
  const socket = connect(Number(port), host);
  socket.setTimeout(5_000, () => say('ETIMEDOUT'));
  socket.on('data', (chunk) => {
    said += chunk.toString();
  });
  socket.on('error', (error) => say(systemCode(error) ?? error.message));
  socket.on('end', () => say(said === '' ? 'closed' : said));
} else if (kind === 'udp') {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const failed = (error: unknown) => say(systemCode(error) ?? 'failed');
  socket.on('error', failed);
  socket.on('message', (answer) => say(answer.toString()));
  socket.connect(Number(port), host, () => {
    socket.send('attempt', (error) => error && failed(error));
    setTimeout(() => say('sent'), silenceMs);
  });
} else if (kind === 'dns-udp') {
  const { addresses } = await askUdp(Number(port), query(name), host);
  say(addresses.join(' '));
} else if (kind === 'dns-tcp') {
  const [answer] = await askTcp(Number(port), [query(name)], host);
  say(answer?.addresses.join(' ') ?? 'nothing');
} else {
  lookup(host).then(
    ({ address }) => say(address),
    (error: unknown) => say(systemCode(error) ?? 'failed'),
  );
}
