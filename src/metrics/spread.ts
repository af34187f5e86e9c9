/** How the values of a histogram are spread. */
export type Spread = Readonly<{
  add: (value: number) => void
  /** How many values are at most as large as each bound, `+Inf` the last. */
  buckets: () => readonly Readonly<{ le: string; count: number }>[]
  total: () => Readonly<{ sum: number; count: number }>
}>

/** Makes an empty one with these upper bounds, which ascend. */
export function createSpread(bounds: readonly number[]): Spread {
  const counts: number[] = new Array(bounds.length + 1).fill(0)
  let sum = 0

  function add(value: number): void {
    let i = 0
    while (i < bounds.length && value > (bounds[i] as number)) i += 1
    counts[i] = (counts[i] as number) + 1
    sum += value
  }

  function buckets() {
    let count = 0
    return [...bounds, '+Inf'].map((le, i) => {
      count += counts[i] as number
      return { le: String(le), count }
    })
  }

  return { add, buckets, total: () => ({ sum, count: counts.reduce((all, one) => all + one) }) }
}
