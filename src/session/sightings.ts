import type { Session } from '../core/session.ts'
import { createBoundedCache } from './bounded-cache.ts'

/**
 * Remembers when sessions were last seen whose cookies could not say so: a proxy that asks about requests may pass no new
 * cookie on, and nobody who is at work is to be signed out for idleness.
 */
export type Sightings = Readonly<{
  /** @param now Epoch seconds. */
  note(session: Pick<Session, 'id'>, now: number): void
  /** Epoch seconds: what the session itself says, or later. */
  lastSeenAt(session: Session): number
  /** All that is remembered. */
  entries(): readonly (readonly [id: string, at: number])[]
}>

/** Makes the memory of `max` sessions, the least recently seen forgotten first. */
export function createSightings(max: number): Sightings {
  const seen = createBoundedCache<number>(max)
  return Object.freeze({
    note: (session: Pick<Session, 'id'>, now: number) => void seen.set(session.id, now),
    lastSeenAt: (session: Session) => Math.max(session.lastSeenAt, seen.get(session.id) ?? 0),
    entries: () => [...seen.entries()],
  })
}
