/** The median of many measurements, and the quartiles below (`low`) and above it (`high`). */
export type Spread = Readonly<{ median: number; low: number; high: number }>

/** The value below which a share `q` (0 to 1) of the values lies; `sorted` is ascending. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}

/** Median and quartiles. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) }
}

/** Each value over the one measured in the same round. */
export function ratios(values: readonly number[], base: readonly number[]): number[] {
  return values.map((value, round) => value / (base[round] ?? Number.NaN))
}
