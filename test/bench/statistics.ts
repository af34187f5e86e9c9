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

/** A straight line through points: how fast it rises, and what 95 % of such measurements would lie between. */
export type Slope = Readonly<{ value: number; low: number; high: number }>

/**
 * Fits a line by least squares. Neighbouring values of memory are alike, so they count for fewer than they are: by as many
 * as the likeness of each residual with the one before it says.
 */
export function slope(points: readonly (readonly [x: number, y: number])[]): Slope {
  const count = points.length
  const meanX = mean(points.map(([x]) => x))
  const meanY = mean(points.map(([, y]) => y))
  const spreadX = sum(points.map(([x]) => (x - meanX) ** 2))
  const value = sum(points.map(([x, y]) => (x - meanX) * (y - meanY))) / spreadX
  const residuals = points.map(([x, y]) => y - meanY - value * (x - meanX))
  const squares = sum(residuals.map((residual) => residual ** 2))
  const likeness =
    sum(residuals.slice(1).map((residual, index) => residual * (residuals[index] ?? 0))) / squares
  const inflation = likeness > 0 ? (1 + likeness) / (1 - likeness) : 1
  const error = Math.sqrt(((squares / (count - 2)) * inflation) / spreadX)
  return { value, low: value - 2 * error, high: value + 2 * error }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length
}
