import type { Session } from '../core/session.ts'
import { createBoundedCache } from './bounded-cache.ts'
import type { ExpiringMap } from './expiring-map.ts'
import type { RefreshResult } from './token-refresh.ts'

/**
 * Keeps the results of refreshes for as long as a browser may still hold a cookie from before them. The answer that
 * carries the new cookie may get lost on its way, and some proxies that ask about requests never pass it on.
 */
export type Undelivered = Readonly<{
  /** A refresh token was spent: whoever comes with the session it belonged to is to get this one. */
  keep(key: string, renewed: Session): void
  /** A session came in a cookie: those before it are over soon. */
  seen(session: Session): void
}>

type Waiting = Readonly<{ generation: number; keys: readonly string[] }>

/** The first is what a browser holds that never gets a new cookie; of the others it may hold the last few. */
const rememberedKeys = 8

/** Makes the memory; `keepResult` is how many seconds a result outlives the news that its cookie has arrived. */
export function createUndelivered(options: {
  max: number
  results: ExpiringMap<RefreshResult>
  keepResult: number
  /** Epoch seconds at which a session ends whatever happens. */
  endsAt: (session: Session) => number
  clock: () => number
}): Undelivered {
  const { results, keepResult, endsAt, clock } = options
  const waiting = createBoundedCache<Waiting>(options.max)

  return Object.freeze({
    keep(key: string, renewed: Session): void {
      const before = waiting.get(renewed.id)?.keys ?? []
      const keys = keysWith(before, key)
      const forgotten = before.filter((other) => !keys.includes(other))
      store(forgotten, renewed, clock() + keepResult)
      waiting.set(renewed.id, { generation: renewed.generation, keys })
      store(keys, renewed, endsAt(renewed))
    },
    seen(session: Session): void {
      const entry = waiting.get(session.id)
      if (entry === undefined || session.generation < entry.generation) return
      waiting.delete(session.id)
      store(entry.keys, session, clock() + keepResult)
    },
  })

  /** Every older session leads to the youngest at once, however many there were in between. */
  function store(keys: readonly string[], session: Session, until: number): void {
    const result: RefreshResult = Object.freeze({ kind: 'renewed', session })
    for (const key of keys) results.set(key, result, until)
  }
}

function keysWith(keys: readonly string[], key: string): readonly string[] {
  const others = keys.filter((other) => other !== key)
  return [...others.slice(0, 1), ...others.slice(1).slice(2 - rememberedKeys), key]
}
