// Work for the processor: digits of pi by Machin's formula, pi/4 = 4 arctan(1/5) - arctan(1/239), in whole numbers.

/** `3.14159…` with that many digits behind the point. */
export function piDigits(digits: number): string {
  // Ten more digits than asked for take the rounding of the many small terms.
  const unit = 10n ** BigInt(digits + 10);
  const pi = 4n * (4n * arctanOfInverse(5n, unit) - arctanOfInverse(239n, unit));
  const text = (pi / 10n ** 10n).toString();
  return `${text.slice(0, 1)}.${text.slice(1)}`;
}

function arctanOfInverse(x: bigint, unit: bigint): bigint {
  const square = x * x;
  let power = unit / x;
  let sum = power;
  for (let divisor = 3n, sign = -1n; power > 0n; divisor += 2n, sign = -sign) {
    power /= square;
    sum += (sign * power) / divisor;
  }
  return sum;
}
