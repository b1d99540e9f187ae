// Which capture this machine allows, and why: redirect where its kernel, tools and user can, else proxy.
import { proxyCaptureFault } from '../loopback/trial.ts';
import { tryRedirect } from './redirect-trial.ts';

export interface PossibleCapture {
  /** `none`: no mesh can run here. */
  readonly capture: 'redirect' | 'proxy' | 'none';
  /** Why it is this one, or why not redirect: one sentence without a full stop. */
  readonly why: string;
}

export async function captureOfMachine(signal?: AbortSignal): Promise<PossibleCapture> {
  const trial = await tryRedirect(signal);
  if (trial.possible)
    return { capture: 'redirect', why: `network namespaces and redirection by ${trial.firewall} work here` };
  const fault = await proxyCaptureFault();
  if (fault === undefined) return { capture: 'proxy', why: trial.why };
  return { capture: 'none', why: `redirect capture: ${trial.why}; proxy capture: ${fault}` };
}
