// Opens a page in the user's browser, where there is a terminal in front of a desktop; elsewhere nothing happens.
import { spawn } from 'node:child_process';
import { hasTool } from './has-tool.ts';

/** True if a browser was asked to open it. */
export function openBrowser(url: string): boolean {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const desktop = process.platform === 'darwin' || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'];
  if (!process.stdout.isTTY || !desktop || !hasTool(opener)) return false;
  const child = spawn(opener, [url], { detached: true, stdio: 'ignore' });
  child.once('error', () => undefined);
  child.unref();
  return true;
}
