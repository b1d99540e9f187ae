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

/** Two checks: redirect capture, which may lack, and the capture that a mesh here would have: `redirect` or `proxy`. */
export async function checkCapture(signal?: AbortSignal): Promise<readonly Check[]> {
  const { capture, why } = await captureOfMachine(signal);
  const redirect = { name: 'redirect capture', found: why, meaning: 'governs all traffic of a workload' };
  const common = { name: 'capture', meaning: 'brings traffic to the proxies' };
  if (capture === 'redirect') {
    return [
      { ...redirect, ok: true },
      { ...common, ok: true, found: 'redirect: all traffic of a workload is governed' },
    ];
  }
  const lacking = { ...redirect, ok: false, mend: 'run as root with the tools above' };
  if (capture === 'proxy') {
    return [lacking, { ...common, ok: true, found: 'proxy: only what a program sends to its proxy is governed' }];
  }
  return [lacking, { ...common, ok: false, found: 'none', mend: 'run on Linux with its loopback link up' }];
}
