// How alerts are judged, as annotations of the mesh's Istio object: `alerts.egress.sallyport.dev/blocked-calls: "10"`.
// What is not said is as below. Invariant: a setting that cannot be read is the default, and is told as a mistake.
import { didYouMean } from './closest-word.ts';
import { parseDurationMs } from './duration.ts';
import { problem } from './finding.ts';
import type { Finding } from './kind.ts';
import { shorten } from './schema-messages.ts';

/** In the order in which they are told. */
export const alertKinds = ['first-seen', 'blocked-burst', 'ip-literal', 'name-mismatch', 'bytes-out'] as const;

export type AlertKind = (typeof alertKinds)[number];

export interface AlertSettings {
  /** Kinds that are not raised. */
  readonly off: readonly AlertKind[];
  /** So long after its first traffic what a mesh, or a workload, calls is what it is meant to call. Milliseconds. */
  readonly learningMs: number;
  /** So many blocked calls of a workload to one host within five minutes are a burst. */
  readonly blockedCalls: number;
  /** So are calls to so many different blocked hosts. */
  readonly blockedHosts: number;
  /** What goes out to a host within ten minutes is never too much below this. */
  readonly bytesOutMinimum: number;
  /** Far above normal is so many times as much. */
  readonly bytesOutFactor: number;
  /** An alert of which nothing more has been seen for so long is resolved. Milliseconds. */
  readonly resolveAfterMs: number;
}

export const defaultAlertSettings: AlertSettings = {
  off: [],
  learningMs: 10 * 60_000,
  blockedCalls: 5,
  blockedHosts: 20,
  bytesOutMinimum: 10 * 2 ** 20,
  bytesOutFactor: 5,
  resolveAfterMs: 3_600_000,
};

const prefix = 'alerts.egress.sallyport.dev/';

interface Setting {
  /** Undefined: it cannot be read. */
  readonly read: (text: string) => Partial<AlertSettings> | undefined;
  readonly hint: string;
}

const settings: ReadonlyMap<string, Setting> = new Map([
  ['off', { read: readKinds, hint: `write some of ${alertKinds.join(', ')}, separated by commas` }],
  ['learning', time((learningMs) => ({ learningMs }))],
  ['blocked-calls', whole((blockedCalls) => ({ blockedCalls }))],
  ['blocked-hosts', whole((blockedHosts) => ({ blockedHosts }))],
  ['bytes-out-minimum', { read: readBytes, hint: 'write a number of bytes such as 500Ki, 10Mi or 2Gi' }],
  ['bytes-out-factor', whole((bytesOutFactor) => ({ bytesOutFactor }))],
  ['resolve-after', time((resolveAfterMs) => ({ resolveAfterMs }))],
]);

type Annotations = Readonly<Record<string, string>> | undefined;

export function alertSettings(annotations: Annotations): AlertSettings {
  const read = [...settings].map(([name, setting]) => {
    const text = annotations?.[prefix + name];
    return text === undefined ? undefined : setting.read(text.trim());
  });
  return Object.assign({}, defaultAlertSettings, ...read);
}

export function* checkAlertSettings(annotations: Annotations): Iterable<Finding> {
  for (const [key, text] of Object.entries(annotations ?? {})) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    const path = ['metadata', 'annotations', key];
    const setting = settings.get(name);
    if (setting === undefined) {
      const hint = didYouMean(name, settings.keys()) ?? `there are ${[...settings.keys()].join(', ')}`;
      yield problem('SP0407', path, `there is no setting '${shorten(name)}' of alerts`, hint);
    } else if (setting.read(text.trim()) === undefined) {
      yield problem('SP0408', path, `cannot read '${shorten(text)}'`, setting.hint);
    }
  }
}

function time(set: (ms: number) => Partial<AlertSettings>): Setting {
  return {
    read(text) {
      const ms = parseDurationMs(text);
      return ms === undefined ? undefined : set(ms);
    },
    hint: 'write a duration such as 90s, 10m or 1h30m',
  };
}

function whole(set: (count: number) => Partial<AlertSettings>): Setting {
  return {
    read: (text) => (/^[1-9]\d{0,5}$/.test(text) ? set(Number(text)) : undefined),
    hint: 'write a whole number from 1 to 999999',
  };
}

function readKinds(text: string): Partial<AlertSettings> | undefined {
  const words = new Set(text.split(',').map((word) => word.trim()));
  const off = alertKinds.filter((kind) => words.delete(kind));
  return words.size === 0 ? { off } : undefined;
}

const units: ReadonlyMap<string | undefined, number> = new Map([
  [undefined, 1],
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
]);

function readBytes(text: string): Partial<AlertSettings> | undefined {
  const [, digits, unit] = /^([1-9]\d{0,8})(Ki|Mi|Gi)?$/.exec(text) ?? [];
  const factor = units.get(unit);
  return digits === undefined || factor === undefined ? undefined : { bytesOutMinimum: Number(digits) * factor };
}
