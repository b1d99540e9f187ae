// Names of what is suggested with an end: its end stands in it, so that it is an object of its own, and takes nothing with it
// when it goes.

/** `20260131t120000z` of an RFC 3339 time in UTC. */
export function timeInName(time: string): string {
  return time.replace(/\.\d+/, '').replace(/[-:]/g, '').toLowerCase();
}
