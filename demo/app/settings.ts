// What makes one of the demo's services out of the one program: its environment.
import { type Environment, hostSetting, numberSetting, portSetting, wrongSetting } from '../program/environment.ts';
import { parseRequests, type Target } from './requests.ts';

export interface Settings {
  readonly host: string;
  readonly ports: { readonly http: number; readonly grpc: number; readonly tcp: number };
  readonly workload: { readonly kind: 'Echo' } | { readonly kind: 'PI'; readonly digits: number };
  /** Undefined: the workload's own result. */
  readonly answer: string | undefined;
  readonly targets: readonly Target[];
}

export function readSettings(env: Environment): Settings {
  return {
    host: hostSetting(env),
    ports: {
      http: portSetting(env, 'PORT', 8080),
      grpc: portSetting(env, 'GRPC_PORT', 8082),
      tcp: portSetting(env, 'TCP_PORT', 8083),
    },
    workload: readWorkload(env),
    answer: env['ECHO_STR'],
    targets: parseRequests(env['REQUESTS'] ?? ''),
  };
}

function readWorkload(env: Environment): Settings['workload'] {
  const kind = env['WORKLOAD'] || 'Echo';
  if (kind === 'Echo') return { kind };
  if (kind === 'PI') return { kind, digits: numberSetting(env, 'PI_COUNT', 1000, { from: 1, to: 10_000 }) };
  throw wrongSetting('WORKLOAD', kind, 'give Echo or PI');
}
