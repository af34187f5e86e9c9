/** A memory that can be gone through, like a Map. */
type Memory = Readonly<{
  entries(): Iterable<readonly [key: string, value: Readonly<{ until: number }>]>
  delete(key: string): unknown
}>

/** Seconds from one time to the next. */
const sweepEvery = 60

/**
 * Makes the function to call before something is remembered: once a minute it lets go of what has ended. A bound alone would
 * keep it until the memory is full, and there are tokens in it (measured: 4 kB for each refresh, 10,000 times).
 *
 * @param memory - what is remembered until `until`, epoch seconds
 * @param clock - epoch seconds
 */
export function createSweep(memory: Memory, clock: () => number): () => void {
  let nextAt = clock() + sweepEvery
  return () => {
    const now = clock()
    if (now < nextAt) return
    nextAt = now + sweepEvery
    const ended = [...memory.entries()].filter(([, { until }]) => until <= now)
    for (const [key] of ended) memory.delete(key)
  }
}
