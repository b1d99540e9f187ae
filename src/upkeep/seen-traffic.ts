// What of a flow on record tells whether something is used, and by which way.
import type { Flow } from '../telemetry/flow.ts';

export type SeenTraffic = Pick<Flow, 'by' | 'source' | 'destination' | 'via' | 'requests' | 'connections' | 'lastSeen'>;
