// Alerts, at most once a second: first those that are not resolved, then those that came or changed. What a reader was told is
// remembered, and the difference is taken when it reads.
import type { Alert } from '../../telemetry/alert.ts';
import type { LedgerReader } from '../../telemetry/ledger.ts';
import { alertBody } from '../alert-body.ts';
import type { AlertsBody } from '../wire.ts';
import { createThrottle } from './throttle.ts';
import type { OpenTopic } from './topic.ts';

const intervalMs = 1000;

export function alertTopic(traffic: Pick<LedgerReader, 'alerts' | 'subscribe'>): OpenTopic {
  return (ring) => {
    const throttle = createThrottle(intervalMs, ring);
    const unsubscribe = traffic.subscribe(({ alerts }) => {
      if (alerts) throttle.changed();
    });
    let told: ReadonlyMap<number, Alert> | undefined;
    throttle.changed();
    return {
      take() {
        if (!throttle.take()) return [];
        const now = new Map(traffic.alerts({}).map((alert) => [alert.id, alert]));
        // An alert that changes is another value.
        const news = [...now.values()].filter((alert) =>
          told === undefined ? alert.state !== 'resolved' : told.get(alert.id) !== alert,
        );
        const nothing = told !== undefined && news.length === 0;
        told = now;
        const body: AlertsBody = { alerts: news.map(alertBody) };
        return nothing ? [] : [{ event: 'alerts', data: JSON.stringify(body) }];
      },
      ended: () => false,
      close() {
        unsubscribe();
        throttle.close();
      },
    };
  };
}
