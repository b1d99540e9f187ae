// How kinds and objects are called in text, as kubectl does. Used by the server and by its clients.
import type { KindNames } from './wire.ts';

/** `serviceentry.networking.istio.io`, `service` for the core group. */
export function printedKind(names: Pick<KindNames, 'group' | 'singular'>): string {
  return names.group === '' ? names.singular : `${names.singular}.${names.group}`;
}

/** `serviceentry.networking.istio.io/httpbin-ext` */
export function printedName(names: Pick<KindNames, 'group' | 'singular'>, name: string): string {
  return `${printedKind(names)}/${name}`;
}

/** The API group in a printed name: `networking.istio.io`; empty for the core group. */
export function groupOf(printed: string): string {
  return /^[^./]+\.([^/]+)\//.exec(printed)?.[1] ?? '';
}

/** `serviceentries.networking.istio.io "httpbin-ext"`, as a sentence about one object names it. */
export function quotedName(names: Pick<KindNames, 'group' | 'plural'>, name: string): string {
  return `${names.group === '' ? names.plural : `${names.plural}.${names.group}`} "${name}"`;
}
