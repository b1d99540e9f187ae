// How a mesh that comes up captures traffic: as it does already, else as it is told, else the best that this machine can.
import { SallyportError } from '../../platform/errors.ts';
import { captureOfMachine } from '../../runtime/doctor/capture.ts';
import { captureInForce } from '../../runtime/keeper/keeper-files.ts';
import type { Cli } from '../cli.ts';
import type { UpSettings } from './up-settings.ts';

/** Throws SallyportError where what was asked for is not possible. */
export async function chooseCapture(cli: Cli, wanted: UpSettings['capture']): Promise<'redirect' | 'proxy'> {
  const present = captureInForce(cli.dataFolder().keeperPath);
  // A mesh that is up and captures in the other way is refused by ensureKeeper.
  if (present !== undefined) return wanted === 'auto' ? present : wanted;
  if (wanted === 'proxy') return 'proxy';
  const { capture, why } = await captureOfMachine(cli.signal);
  if (capture === 'redirect') return 'redirect';
  if (wanted === 'redirect') throw impossible(cli, 'redirect capture', why);
  if (capture === 'none') throw impossible(cli, 'a mesh', why);
  cli.warn(`note: redirect capture is not possible here, so proxy capture is used: ${why}`);
  return 'proxy';
}

function impossible(cli: Cli, what: string, why: string): SallyportError {
  const hint = `what is missing is told by: ${cli.name} doctor`;
  return new SallyportError('SP_CAPTURE', `${what} is not possible here: ${why}`, { hint });
}
