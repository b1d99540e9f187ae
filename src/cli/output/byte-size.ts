// Numbers of bytes as people read them: three digits and a unit of a thousand.

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `0B`, `999B`, `1.2kB`, `34kB`, `1.5GB` */
export function formatBytes(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? amount : threeDigits(amount)}${units[unit]}`;
}

/** `0`, `0.05`, `1.2`, `34`, `1234`: of a positive number what matters. */
export function threeDigits(amount: number): string {
  if (amount >= 9.95) return String(Math.round(amount));
  if (amount >= 0.095 || amount === 0) return amount.toFixed(1).replace(/\.0$/, '');
  return amount < 0.005 ? '<0.01' : amount.toFixed(2);
}
