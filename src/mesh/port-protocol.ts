// What a port of a Kubernetes Service speaks (Istio: kube.ConvertProtocol): its appProtocol, else the first word of its name
// (`http-web`, `grpc`), else it is detected.
import type { ServicePort } from '../api/kinds/service.ts';
import { type Protocol, parseProtocol } from '../api/protocol.ts';

/** Kubernetes' names, for appProtocol alone: HTTP/2 in the clear, and WebSockets. */
const standardNames: ReadonlyMap<string, Protocol> = new Map([
  ['kubernetes.io/h2c', 'HTTP2'],
  ['kubernetes.io/ws', 'HTTP'],
  ['kubernetes.io/wss', 'HTTPS'],
]);

/** SMTP, DNS, MySQL and MongoDB: nothing comes to be read there before the server has spoken. */
const serverFirstPorts: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);

type NamedPort = Pick<ServicePort, 'name' | 'appProtocol' | 'port'>;

export function servicePortProtocol({ name = '', appProtocol, port }: NamedPort): Protocol {
  const standard = standardNames.get(appProtocol ?? '');
  if (standard !== undefined) return standard;
  const text = appProtocol ?? name;
  if (text.toLowerCase().startsWith('grpc-web')) return 'GRPC-WEB';
  const [word] = text.split('-');
  const protocol = parseProtocol(word) ?? 'auto';
  return protocol === 'auto' && serverFirstPorts.has(port) ? 'TCP' : protocol;
}
