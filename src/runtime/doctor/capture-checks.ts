// Tools for redirect capture, one by one, and whether all of it works together.
import { findTool } from '../network/command.ts';
import { captureOfMachine } from './capture.ts';
import { type Check, presence } from './check.ts';
import { captureTools } from './redirect-trial.ts';

export function checkTools(): readonly Check[] {
  const tools = captureTools.map(({ tool, from }) =>
    presence(
      {
        name: tool,
        meaning: 'redirect capture runs it',
        missing: 'not found',
        mend: `install the package ${from}`,
      },
      findTool(tool),
    ),
  );
  const firewall = presence(
    {
      name: 'packet filter',
      meaning: 'redirect capture sends traffic into Envoy by it',
      missing: 'neither nft nor iptables',
      mend: 'install the package nftables',
    },
    findTool('nft') ?? findTool('iptables'),
  );
  return [...tools, firewall];
}

/** `found` begins with `redirect` or `proxy`. */
export async function checkCapture(signal?: AbortSignal): Promise<Check> {
  const { capture, why } = await captureOfMachine(signal);
  const common = { name: 'capture', found: `${capture}: ${why}` };
  if (capture === 'redirect') return { ...common, ok: true, meaning: 'all traffic of a workload is governed' };
  return {
    ...common,
    ok: false,
    meaning: 'only what a program sends to its proxy can be governed',
    mend: 'run as root with the tools above',
  };
}
