import { createBoundedCache } from './bounded-cache.ts'
import { createEndedSessions, type EndedSessions } from './ended-sessions.ts'
import { createGenerations, type Generations } from './generations.ts'
import { createRefreshMemory, type RefreshMemory } from './refresh-memory.ts'
import { createSightings, type Sightings } from './sightings.ts'
import { createUsedStates, type UsedStates } from './used-states.ts'

/** What a process knows about sessions beside their cookies; it outlives every configuration. */
export type SessionMemory = Readonly<{
  ended: EndedSessions
  generations: Generations
  sightings: Sightings
  usedStates: UsedStates
  refreshes: RefreshMemory
  /** Of sessions that another process renewed. */
  awaited: ReturnType<typeof createBoundedCache<number>>
}>

const sightedSessions = 100_000
const spentStates = 100_000
const awaitedSessions = 10_000

/** Makes an empty memory; `clock` gives epoch seconds. */
export function createSessionMemory(options: { clock: () => number }): SessionMemory {
  return Object.freeze({
    ended: createEndedSessions(options),
    generations: createGenerations(),
    sightings: createSightings(sightedSessions),
    usedStates: createUsedStates({ max: spentStates, ...options }),
    refreshes: createRefreshMemory(options),
    awaited: createBoundedCache<number>(awaitedSessions),
  })
}
