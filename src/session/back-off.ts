import type { ErrorCode } from '../core/errors.ts'
import { createExpiringMap } from './expiring-map.ts'

/** A pause after a failure: what failed, and until when nothing is sent (epoch seconds). */
export type Pause = Readonly<{ code: ErrorCode; until: number; failures: number }>

/** Remembers for each key how often it failed in a row, and how long to pause. */
export type BackOff = Readonly<{
  /** The pause that begins. */
  fail(key: string, code: ErrorCode): Pause
  succeed(key: string): void
  /** The pause that is on now, if any. */
  pause(key: string): Pause | undefined
}>

const longestPause = 30
const forgetAfter = 600

/** Makes a back-off of 1, 2, 4 … 30 seconds for each of at most `max` keys. */
export function createBackOff(options: { max: number; clock: () => number }): BackOff {
  const { clock } = options
  const pauses = createExpiringMap<Pause>(options)

  return Object.freeze({
    fail(key: string, code: ErrorCode): Pause {
      const failures = (pauses.get(key)?.failures ?? 0) + 1
      const until = clock() + Math.min(longestPause, 2 ** (failures - 1))
      const pause = { code, until, failures }
      pauses.set(key, pause, until + forgetAfter)
      return pause
    },
    succeed: (key: string) => pauses.delete(key),
    pause(key: string): Pause | undefined {
      const pause = pauses.get(key)
      return pause !== undefined && clock() < pause.until ? pause : undefined
    },
  })
}
