/** The middle value; for an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const ordered = values.toSorted((a, b) => a - b);
  const half = Math.floor(ordered.length / 2);
  return ordered.length % 2 === 1 ? at(ordered, half) : (at(ordered, half - 1) + at(ordered, half)) / 2;
}

/** The nearest-rank percentile: a value that was measured, never one between two. */
export function percentile(values: readonly number[], share: number): number {
  const ordered = values.toSorted((a, b) => a - b);
  return at(ordered, Math.max(0, Math.ceil(share * ordered.length) - 1));
}

function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError("Cannot take statistics of no values");
  return value;
}
