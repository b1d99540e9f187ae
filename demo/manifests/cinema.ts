// The application of the first two stories, a cinema: who calls whom stands in REQUESTS.
import type { KubeObject } from '../../src/api/object.ts';
import { type DemoOptions, deployment, type Port, service } from './objects.ts';

interface CinemaService {
  readonly app: string;
  readonly versions: readonly { readonly version: string; readonly env: Readonly<Record<string, string>> }[];
}

const ports: readonly Port[] = [
  { name: 'http', port: 8080 },
  { name: 'grpc', port: 8082 },
  { name: 'tcp', port: 8083 },
];

const movies = { ECHO_STR: 'movies service response' };

const services: readonly CinemaService[] = [
  only('frontpage', { ECHO_STR: 'frontpage', REQUESTS: 'http://catalog:8080/#2 http://bookings:8080#1' }),
  only('catalog', { ECHO_STR: 'cinema catalog response', REQUESTS: 'grpc://movies:8082/allspark/Incoming#1' }),
  {
    app: 'movies',
    versions: [
      { version: 'v1', env: movies },
      { version: 'v2', env: movies },
      { version: 'v3', env: { ...movies, REQUESTS: 'tcp://database:8083/#1' } },
    ],
  },
  only('bookings', {
    ECHO_STR: 'bookings service response',
    REQUESTS: 'http://analytics:8080/#1 http://payments:8080/#1',
  }),
  only('analytics', { WORKLOAD: 'PI', PI_COUNT: '1000' }),
  only('payments', { ECHO_STR: 'payment received', REQUESTS: 'http://notifications:8080/#1' }),
  // Calls nobody, until somebody sets its REQUESTS.
  only('notifications', { ECHO_STR: 'notification sent' }),
  only('database', { ECHO_STR: 'database response' }),
];

export function cinemaObjects(options: DemoOptions): readonly KubeObject[] {
  const ofServices = services.flatMap(({ app, versions }) => [
    service(options, app, ports),
    ...versions.map(({ version, env }) => deployment(options, { app, version, file: 'app/main.ts', env, ports })),
  ]);
  const load = { TARGET: 'http://frontpage:8080/', RPS: '2' };
  return [...ofServices, deployment(options, { app: 'bombardier', file: 'load/main.ts', env: load })];
}

function only(app: string, env: Readonly<Record<string, string>>): CinemaService {
  return { app, versions: [{ version: 'v1', env }] };
}
