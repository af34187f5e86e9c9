/** How soon processes that end are replaced, so that one that cannot live does not keep the machine busy. */
export type Pace = Readonly<{
  /** Milliseconds to wait before the next one begins, after one that lived so long. */
  pauseAfter: (livedMs: number) => number
}>

const firstPauseMs = 100
const longestPauseMs = 30_000

/** Who lived so long did not end for being unable to begin. */
const healthyMs = 10_000

/** Makes the pace: at once after one that lived well, then 100 ms, and twice as long each time, up to 30 s. */
export function createPace(): Pace {
  let failures = 0
  return Object.freeze({
    pauseAfter(livedMs: number) {
      if (livedMs >= healthyMs) {
        failures = 0
        return 0
      }
      failures += 1
      return Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1))
    },
  })
}
