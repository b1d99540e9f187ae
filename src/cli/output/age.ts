// How old something is, in kubectl's words: exact while it is young, coarse when it is old.

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** The AGE cell of an object created at an RFC 3339 time; `<unknown>` without one. */
export function formatAge(createdAt: string | undefined, now: number): string {
  const created = createdAt === undefined ? Number.NaN : Date.parse(createdAt);
  return Number.isNaN(created) ? '<unknown>' : formatDuration(now - created);
}

/** `95s`, `4m30s`, `47m`, `5h20m`, `30h`, `6d3h`, `500d`, `3y40d`, `12y`; milliseconds in. */
export function formatDuration(ms: number): string {
  // Clocks of two machines differ a little; more than a second in the future is a mistake.
  if (ms < -second) return '<invalid>';
  if (ms < 2 * minute) return `${Math.max(0, Math.floor(ms / second))}s`;
  if (ms < 10 * minute) return twoUnits(ms, minute, 'm', second, 's');
  if (ms < 3 * hour) return `${Math.floor(ms / minute)}m`;
  if (ms < 8 * hour) return twoUnits(ms, hour, 'h', minute, 'm');
  if (ms < 2 * day) return `${Math.floor(ms / hour)}h`;
  if (ms < 8 * day) return twoUnits(ms, day, 'd', hour, 'h');
  if (ms < 2 * year) return `${Math.floor(ms / day)}d`;
  if (ms < 8 * year) return twoUnits(ms, year, 'y', day, 'd');
  return `${Math.floor(ms / year)}y`;
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)}${largeName}${rest === 0 ? '' : `${rest}${smallName}`}`;
}
