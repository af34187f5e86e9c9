/** The middle of many measurements and how far they lie apart. */
export type Spread = Readonly<{ median: number; low: number; high: number }>

/** The value below which a share `q` (0 to 1) of the values lies; `sorted` is ascending. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}

/** Median, smallest and largest. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = quantile(sorted, 0.5)
  const lower = sorted.length % 2 === 0 ? (sorted[sorted.length / 2 - 1] ?? upper) : upper
  return { median: (lower + upper) / 2, low: quantile(sorted, 0), high: quantile(sorted, 1) }
}

/** Each value over the one measured in the same round. */
export function ratios(values: readonly number[], base: readonly number[]): number[] {
  return values.map((value, round) => value / (base[round] ?? Number.NaN))
}
