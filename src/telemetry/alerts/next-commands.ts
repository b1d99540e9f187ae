// What to do about an alert: the commands that show more of it, and those that allow what is meant.
import { type Alert, manyHosts } from '../alert.ts';
import { placeOf } from '../place.ts';
import { otherHost } from '../traffic.ts';

export function nextCommands(alert: Pick<Alert, 'kind' | 'source' | 'destination' | 'protocol'>): readonly string[] {
  const { source, destination } = alert;
  const who = `deploy/${source.workload} -n ${source.namespace}`;
  const isOne = destination.host !== manyHosts && destination.host !== otherHost;
  const check = isOne ? [`sallyport check ${source.workload} ${urlOf(alert)} -n ${source.namespace}`] : [];
  const allow =
    isOne && destination.kind !== 'external'
      ? [`sallyport suggest -n ${source.namespace} --host ${destination.host}`]
      : [];
  const look =
    destination.kind === 'external' ? `sallyport traffic ${who} -o wide` : `sallyport logs --decisions ${who}`;
  return [look, ...check, ...allow];
}

const schemes = { http: 'http', grpc: 'http', tls: 'https', tcp: 'tcp' } as const;

function urlOf({ destination, protocol }: Pick<Alert, 'destination' | 'protocol'>): string {
  const { host, port } = destination;
  const usual = (protocol === 'tls' ? 443 : 80) === port && protocol !== 'tcp';
  return `${schemes[protocol]}://${placeOf({ host, port: usual ? 0 : port })}`;
}
