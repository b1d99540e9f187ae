// Which capture this machine allows, and why: redirect where its kernel, tools and user can, else proxy.
import { tryRedirect } from './redirect-trial.ts';

export interface PossibleCapture {
  readonly capture: 'redirect' | 'proxy';
  /** One sentence without a full stop. */
  readonly why: string;
}

export async function captureOfMachine(signal?: AbortSignal): Promise<PossibleCapture> {
  const trial = await tryRedirect(signal);
  return trial.possible
    ? { capture: 'redirect', why: `network namespaces and redirection by ${trial.firewall} work here` }
    : { capture: 'proxy', why: trial.why };
}
