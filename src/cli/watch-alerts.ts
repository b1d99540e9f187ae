// `alerts -f`: those there are, then each that comes or changes its state, over restarts of the control plane. Counts that
// grow are no news.
import { SallyportError } from '../platform/errors.ts';
import type { AlertBody } from '../server/wire.ts';
import type { AlertsQuery } from './api-client.ts';
import { bodyChecks } from './body-checks.ts';
import type { Cli } from './cli.ts';
import { lastingEvents } from './lasting-events.ts';

export async function watchAlerts(
  cli: Cli,
  query: AlertsQuery,
  first: readonly AlertBody[],
  print: (alert: AlertBody) => void,
): Promise<void> {
  const told = new Map<number, AlertBody['state']>();

  function tell(alert: AlertBody): void {
    if (told.get(alert.id) === alert.state) return;
    told.set(alert.id, alert.state);
    if (isMeant(alert, query)) print(alert);
  }

  for (const alert of first) tell(alert);
  const open = () => cli.api().events('alerts', {});
  const onAway = () => cli.warn('the control plane does not answer; waiting for it');
  for await (const { event, data } of lastingEvents(open, onAway, cli.signal)) {
    if (event !== 'alerts') continue;
    if (!bodyChecks.alerts(data)) {
      throw new SallyportError('SP_OTHER_VERSION', 'the mesh sends events of a form this version does not know');
    }
    for (const alert of data.alerts) tell(alert);
  }
}

/** What the mesh was asked for at first, asked of what comes. */
function isMeant({ source, kind, state }: AlertBody, query: AlertsQuery): boolean {
  return (
    (query.namespace === undefined || source.namespace === query.namespace) &&
    (query.workload === undefined || source.workload === query.workload) &&
    (query.kind === undefined || kind === query.kind) &&
    (query.state === undefined || state === query.state)
  );
}
