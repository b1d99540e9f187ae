// Two texts side by side, line by line, as `diff` marks them: ` ` in both, `-` gone, `+` new. For objects, which have so few lines
// that a table of all pairs is cheap.

export function lineDiff(before: readonly string[], after: readonly string[]): readonly string[] {
  const common = commonLengths(before, after);
  const lines: string[] = [];
  let [left, right] = [0, 0];
  while (left < before.length || right < after.length) {
    const [gone, added] = [before[left], after[right]];
    const withoutGone = common[left + 1]?.[right] ?? -1;
    const withoutAdded = common[left]?.[right + 1] ?? -1;
    if (gone !== undefined && gone === added) {
      lines.push(` ${gone}`);
      left += 1;
      right += 1;
    } else if (gone !== undefined && (added === undefined || withoutGone >= withoutAdded)) {
      lines.push(`-${gone}`);
      left += 1;
    } else {
      lines.push(`+${added}`);
      right += 1;
    }
  }
  return lines;
}

/** Of what is left of both from each place on: how many lines they have in common, in order. */
function commonLengths(before: readonly string[], after: readonly string[]): readonly (readonly number[])[] {
  const table = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  for (let left = before.length - 1; left >= 0; left -= 1) {
    for (let right = after.length - 1; right >= 0; right -= 1) {
      const [row, next] = [table[left] ?? [], table[left + 1] ?? []];
      row[right] =
        before[left] === after[right] ? (next[right + 1] ?? 0) + 1 : Math.max(next[right] ?? 0, row[right + 1] ?? 0);
    }
  }
  return table;
}
