import { createExpiringMap } from './expiring-map.ts'

/** Remembers sessions that were ended before their time, so that a copy of their cookie opens nothing. */
export type EndedSessions = Readonly<{
  /** @param until Epoch seconds: when the session would have ended by itself. */
  end(id: string, until: number): void
  has(id: string): boolean
  /** All of them that would not have ended by themselves yet, with that time. */
  entries(): readonly (readonly [id: string, until: number])[]
}>

/** Makes the memory of ended sessions; `max` is 100,000 unless given. */
export function createEndedSessions(options: { max?: number; clock: () => number }): EndedSessions {
  const ended = createExpiringMap<true>({ max: 100_000, ...options })
  return Object.freeze({
    end: (id: string, until: number) => ended.set(id, true, until),
    has: (id: string) => ended.get(id) !== undefined,
    entries: () => ended.entries().map(([id, , until]) => [id, until] as const),
  })
}
