// A decision as it is shown: times in RFC 3339, and of its destination what names it.
import type { Decision } from '../telemetry/decision.ts';
import type { DecisionBody } from './wire.ts';

export function decisionBody({ id, firstAt, lastAt, ...rest }: Decision): DecisionBody {
  const { kind, host, port, serviceEntry } = rest.destination;
  return {
    id,
    firstAt: new Date(firstAt).toISOString(),
    lastAt: new Date(lastAt).toISOString(),
    ...rest,
    destination: { kind, host, port, ...(serviceEntry === undefined ? {} : { serviceEntry }) },
  };
}
