// Bounds on work that hold while the machine does other things: the processor's time is measured and not the clock's, and where
// that is more than it may be, against what this machine needs for a known piece of work just then. bench/ holds the times.
import assert from 'node:assert/strict';

/** What `work` gives, which took the processor no longer than a second on a machine like the ones this is developed on. */
export function withinASecond<Result>(work: () => Result): Result {
  return withinSeconds(1, work);
}

export function withinSeconds<Result>(seconds: number, work: () => Result): Result {
  const before = process.threadCpuUsage();
  const result = work();
  const took = secondsSince(before);
  // Asked for only now: a machine that is slow is slow for both.
  if (took > seconds) assert.ok(took <= seconds * slowness(), `took the processor ${took.toFixed(2)} s`);
  return result;
}

/** 1 or more: how many times longer than there a known piece of work takes. */
function slowness(): number {
  const before = process.threadCpuUsage();
  let text = '';
  for (let index = 0; index < 200_000; index += 1) text = JSON.stringify({ index, text: text.slice(0, 40) });
  assert.ok(text.length > 0);
  return Math.max(1, secondsSince(before) / 0.04);
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000_000;
}
