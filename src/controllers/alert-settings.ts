// How alerts are judged, from the annotations of the mesh's Istio object: now and at every change. Apart from the mesh's
// snapshot, since nothing that proxies are told depends on it.
import { type AlertSettings, alertSettings, defaultAlertSettings } from '../api/alert-settings.ts';
import { meshConfigKey } from '../mesh/mesh-config.ts';
import { GoneError } from '../store/errors.ts';
import type { ObjectStore } from '../store/store.ts';

export interface FollowedAlertSettings {
  current(): AlertSettings;
  /** Resolves after the signal's abort. */
  readonly done: Promise<void>;
}

export function followAlertSettings(store: ObjectStore, signal: AbortSignal): FollowedAlertSettings {
  const { group, kind, namespace, name } = meshConfigKey;
  const collection = { group, kind, namespace };
  let current = defaultAlertSettings;

  async function once(): Promise<void> {
    const { resourceVersion } = await store.list(collection);
    current = alertSettings((await store.get(meshConfigKey))?.metadata.annotations);
    for await (const { events } of store.watch([collection], resourceVersion, signal)) {
      const own = events.filter(({ object }) => object.metadata.name === name).at(-1);
      if (own !== undefined) current = alertSettings(own.type === 'DELETED' ? {} : own.object.metadata.annotations);
    }
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      await once().catch((error: unknown) => {
        if (!(error instanceof GoneError)) throw error;
      });
    }
  }

  return { current: () => current, done: follow() };
}
