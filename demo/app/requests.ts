// REQUESTS: the calls a service makes for each request it gets, as in `http://catalog:8080/#2 tcp://database:8083/#1`.
// The number behind `#` is how often; once if there is none. The order is kept.
import { wrongSetting } from '../program/environment.ts';

export type Protocol = 'http' | 'https' | 'grpc' | 'tcp';

export interface Target {
  readonly protocol: Protocol;
  /** As it was written, without the count. */
  readonly text: string;
  readonly url: URL;
  readonly host: string;
  readonly port: number;
  readonly count: number;
}

const defaultPorts = new Map<Protocol, number>([
  ['http', 80],
  ['https', 443],
]);

/** Calls of one target for one request; more is a mistake or an attack. */
const mostCalls = 1000;

export function parseRequests(text: string): readonly Target[] {
  return text.split(/\s+/).filter(Boolean).map(parseTarget);
}

function parseTarget(entry: string): Target {
  const wrong = (expected: string) => wrongSetting('REQUESTS', entry, expected);
  const [text = '', countText = '1', ...more] = entry.split('#');
  const count = /^\d+$/.test(countText) ? Number(countText) : 0;
  if (more.length > 0 || count < 1 || count > mostCalls) throw wrong(`behind # stands a number from 1 to ${mostCalls}`);
  const url = URL.parse(text);
  const protocol = protocolOf(url);
  if (url === null || protocol === undefined || url.hostname === '') {
    throw wrong('write http://, https://, grpc:// or tcp://, a host, and perhaps #COUNT');
  }
  if (url.username !== '' || url.password !== '') throw wrong('names and passwords are not sent');
  const port = Number(url.port) || defaultPorts.get(protocol);
  if (port === undefined) throw wrong(`${protocol} needs a port`);
  return { protocol, text, url, host: url.hostname, port, count };
}

function protocolOf(url: URL | null): Protocol | undefined {
  const name = url?.protocol.slice(0, -1);
  return name === 'http' || name === 'https' || name === 'grpc' || name === 'tcp' ? name : undefined;
}
