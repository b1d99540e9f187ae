// Which of the host's packet filters we speak: nft where it works, else iptables. Both renderers give the same
// policy (proxy-rules-*.ts, host-rules-*.ts); rules are always loaded in one transaction.
import { SallyportError } from '../../platform/errors.ts';
import { findTool, runTool } from './command.ts';

export type Firewall = 'nft' | 'iptables';

/** Throws if the machine has neither. */
export async function findFirewall(signal?: AbortSignal): Promise<Firewall> {
  if (findTool('nft') !== undefined && (await works('nft', ['list', 'tables'], signal))) return 'nft';
  if (findTool('iptables-restore') !== undefined && (await works('iptables', ['-S'], signal))) return 'iptables';
  const hint = 'install nftables, or use `--capture proxy`';
  throw new SallyportError('SP_NO_FIREWALL', 'neither nft nor iptables works on this machine', { hint });
}

async function works(tool: string, args: readonly string[], signal?: AbortSignal): Promise<boolean> {
  try {
    await runTool(tool, args, { ...(signal && { signal }) });
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof SallyportError) return false;
    throw error;
  }
}
