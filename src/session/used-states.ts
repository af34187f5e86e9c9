import { loginLifetime } from '../core/login-state.ts'
import { createExpiringMap } from './expiring-map.ts'

/** Remembers which `state` values were spent, so that each ends one login at most (RFC 6749 section 10.12). */
export type UsedStates = Readonly<{
  /** Spends a state; false when it was spent before. */
  spend(state: string): boolean | Promise<boolean>
}>

/** Makes the memory of spent states; it keeps each for the lifetime of a login, `max` of them at most. */
export function createUsedStates(options: { max: number; clock: () => number }): UsedStates {
  const spent = createExpiringMap<true>(options)
  return Object.freeze({
    spend(state: string): boolean {
      if (spent.get(state)) return false
      spent.set(state, true, options.clock() + loginLifetime)
      return true
    },
  })
}
