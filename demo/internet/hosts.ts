// Who is there in the simulated internet, and how a mesh is told to find them. Imported by the `demo` command: no more
// than names.

/** Every one answers on ports 80 and 443, as on the real internet. */
export const internetHosts = [
  'httpbin.org',
  'www.httpbin.org',
  'example.com',
  'www.example.com',
  'api.github.com',
  'api.stripe.com',
  'hooks.slack.com',
  'registry.npmjs.org',
  'storage.googleapis.com',
  'maps.googleapis.com',
  'en.wikipedia.org',
  'de.wikipedia.org',
  'hello-istio-v1.apps.coachella.cf-app.com',
  'hello-istio-v2.apps.coachella.cf-app.com',
  'pastebin.com',
] as const;

export type InternetHost = (typeof internetHosts)[number];

/** Not a host of the internet: under this name the simulation tells what reached it. */
export const simulationHost = 'internet.sim';

export const httpPort = 8080;
export const httpsPort = 8443;

/** For `--resolve`: the ports that callers use, and the ones of the simulation, which any user may listen on. */
export function resolveRules(address: string): string[] {
  return internetHosts.flatMap((host) => [`${host}:80=${address}:${httpPort}`, `${host}:443=${address}:${httpsPort}`]);
}

export interface DatabaseInstance {
  readonly region: string;
  readonly zone: string;
  readonly host: string;
  readonly address: string;
}

/** What callers use, and what the instances listen on: the machine may have a database of its own. */
export const databasePorts = { asked: 5432, served: 25_432 } as const;

/**
 * A database of somebody else's, with an instance in each of two regions. They have addresses of their own, of the ranges
 * beside the internet's: loopback, or documentation (TEST-NET-3 and TEST-NET-1).
 */
export function databaseInstances(internet: string): readonly [DatabaseInstance, DatabaseInstance] {
  const [first, , third, last] = internet.split('.');
  const loopback = first === '127';
  const instance = (region: string, address: string): DatabaseInstance => {
    return { region, zone: `${region}a`, host: `${region}.orders-db.example`, address };
  };
  return [
    instance('eu-west-1', loopback ? `127.253.${third}.${last}` : `203.0.113.${last}`),
    instance('us-east-1', loopback ? `127.252.${third}.${last}` : `192.0.2.${last}`),
  ];
}
