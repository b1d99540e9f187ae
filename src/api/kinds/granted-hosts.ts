// The annotation `egress.sallyport.dev/claims` of a Namespace: `api.bank.example, *.shared.example`, or `*` for any host.
import { normalizeHost } from '../host-name.ts';

export interface GrantedHost {
  readonly text: string;
  /** Undefined: the text is no host. */
  readonly host: string | undefined;
}

export function grantedHosts(annotation = ''): readonly GrantedHost[] {
  return annotation
    .split(',')
    .map((part) => part.trim())
    .filter((text) => text !== '')
    .map((text) => ({ text, host: text === '*' ? text : normalizeHost(text) }));
}
