import { createSweep } from '../core/sweep.ts'
import { createBoundedCache } from './bounded-cache.ts'

/**
 * A bounded memory whose entries end at a given time; once a minute, when something is remembered, it lets go of those that have.
 * The least recently used go first when it is full.
 */
export type ExpiringMap<Value> = Readonly<{
  get(key: string): Value | undefined
  /** @param until Epoch seconds; at that second the entry is gone. */
  set(key: string, value: Value, until: number): void
  delete(key: string): void
  /** All that have not ended, with the time when they do. */
  entries(): readonly (readonly [key: string, value: Value, until: number])[]
}>

/** Makes a memory of at most `max` entries; `clock` gives epoch seconds. */
export function createExpiringMap<Value>(options: { max: number; clock: () => number }): ExpiringMap<Value> {
  const entries = createBoundedCache<{ value: Value; until: number }>(options.max)
  const sweep = createSweep(entries, options.clock)
  return Object.freeze({
    get(key: string): Value | undefined {
      const entry = entries.get(key)
      return entry !== undefined && options.clock() < entry.until ? entry.value : undefined
    },
    set(key: string, value: Value, until: number): void {
      sweep()
      entries.set(key, { value, until })
    },
    delete(key: string): void {
      entries.delete(key)
    },
    entries() {
      const now = options.clock()
      return [...entries.entries()].flatMap(([key, { value, until }]) =>
        now < until ? [[key, value, until] as const] : [],
      )
    },
  })
}
