import { randomBytes } from 'node:crypto'
import { type BackOff, createBackOff, type Pause } from './back-off.ts'
import { createBoundedCache } from './bounded-cache.ts'
import { createExpiringMap, type ExpiringMap } from './expiring-map.ts'
import { createSlots, type Slots } from './slots.ts'
import type { RefreshResult } from './token-refresh.ts'
import type { Waiting } from './undelivered.ts'

/** What refreshes leave behind for those who ask later, whatever the configuration is by then. */
export type RefreshMemory = Readonly<{
  /** Under which refresh tokens are told apart, so that none of them is kept. */
  processKey: Buffer
  /** Refreshes under way. */
  flights: Map<string, Promise<Pause | undefined>>
  results: ExpiringMap<RefreshResult>
  waiting: ReturnType<typeof createBoundedCache<Waiting>>
  backOff: BackOff
  slots: Slots
}>

const maxResults = 10_000

/** Makes an empty memory; `clock` gives epoch seconds, `maxConcurrent` is how many token requests run at a time; 32. */
export function createRefreshMemory(options: {
  clock: () => number
  maxConcurrent?: number | undefined
}): RefreshMemory {
  const { clock, maxConcurrent = 32 } = options
  return Object.freeze({
    processKey: randomBytes(32),
    flights: new Map(),
    results: createExpiringMap<RefreshResult>({ max: maxResults, clock }),
    waiting: createBoundedCache<Waiting>(maxResults),
    backOff: createBackOff({ max: maxResults, clock }),
    slots: createSlots(maxConcurrent),
  })
}
