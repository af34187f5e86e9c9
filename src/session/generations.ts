import type { Session } from '../core/session.ts'
import { createBoundedCache } from './bounded-cache.ts'

type Generation = Pick<Session, 'id' | 'generation'>

/** Remembers the newest generation seen of each session. */
export type Generations = Readonly<{
  note(session: Generation): void
  newest(id: string): number | undefined
  /** Tells whether no younger generation of this session is known. */
  isNewest(session: Generation): boolean
}>

/** Makes the memory of generations; `max` sessions, 100,000 unless given, the least recently used forgotten first. */
export function createGenerations(options: { max?: number } = {}): Generations {
  const known = createBoundedCache<number>(options.max ?? 100_000)
  const isNewest = (session: Generation) => session.generation >= (known.get(session.id) ?? 0)
  return Object.freeze({
    note(session: Generation): void {
      if (isNewest(session)) known.set(session.id, session.generation)
    },
    newest: (id: string) => known.get(id),
    isNewest,
  })
}
