// What the keeper needs of the way in which traffic is captured: a place for each pod, and how to run things there.
// A pod is known to it by its index, which the keeper allocates.
import type { LoadBalancer } from '../network/load-balancers.ts';
import type {
  ExecPlan,
  KeeperConfig,
  LoadBalancerStatus,
  PodSpec,
  SandboxRequest,
  SandboxStatus,
} from '../protocol.ts';
import type { PodPart } from './pod-mark.ts';
import type { ProcessId } from './process-id.ts';
import type { PodKey } from './requests.ts';

export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Where a pod is and as whom its Envoy runs. */
export type Place = Omit<SandboxStatus, 'namespace' | 'name'>;

export interface PlaceRequest extends Omit<SandboxRequest, 'uid'> {
  readonly pod: PodKey;
  readonly index: number;
  readonly hostname: string;
  /** Ports of before, so that DNS stays where Envoy asks it and relays it to; 0 if there is none. */
  readonly dnsPort: number;
  readonly programDnsPort: number;
}

export interface Capture {
  readonly kind: 'redirect' | 'proxy';
  /** Makes a pod's place, or takes over one that is there, and answers its DNS. */
  makePlace(request: PlaceRequest): Promise<Place>;
  /** Ends whatever still runs in a pod's place, then removes it. */
  removePlace(index: number): Promise<void>;
  /** Ends processes that run in a pod's place although no record knows them; `part` is whose side of it. */
  endStrays(index: number, part: PodPart): Promise<void>;
  setConfig(config: KeeperConfig): Promise<void>;
  /** Makes it exactly these; in their order where each answers. Not to be called again before it is done. */
  setLoadBalancers(all: readonly LoadBalancer[]): Promise<readonly LoadBalancerStatus[]>;
  appCommand(index: number, spec: PodSpec): Command;
  /** `workFolder`, the Envoy's own, is where it is started. */
  envoyCommand(index: number, workFolder: string, args: readonly string[]): Command;
  /** Asks the program to end; false if there is none to ask. */
  endGently(index: number, program: ProcessId): boolean;
  /** Undefined if the program does not run. */
  execPlan(index: number, program: ProcessId, spec: PodSpec): ExecPlan | undefined;
  hostChanges(): readonly string[];
  /** Stops answering DNS; everything else stays as it is. */
  close(): Promise<void>;
}
