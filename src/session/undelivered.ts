import type { Session } from '../core/session.ts'
import type { createBoundedCache } from './bounded-cache.ts'
import type { ExpiringMap } from './expiring-map.ts'
import type { RefreshResult } from './token-refresh.ts'

/**
 * Keeps the results of refreshes for requests that come with a cookie from before them: for a while, or, where a proxy that
 * asks about requests may never pass a new cookie on, for as long as a browser may still hold the old one.
 */
export type Undelivered = Readonly<{
  /** A refresh token was spent: whoever comes with the session it belonged to is to get this one. */
  keep(key: string, renewed: Session): void
  /** A session came in a cookie: those before it are over soon. */
  seen(session: Session): void
}>

/** A renewed session that no browser has come with yet, and under which keys the sessions before it are known. */
export type Waiting = Readonly<{ generation: number; keys: readonly string[] }>

/** The first is what a browser holds that never gets a new cookie; of the others it may hold the last few. */
const rememberedKeys = 8

/**
 * Works on a memory that may be older than itself.
 * @param options.keepResult Seconds that a result is kept, from the refresh on, or from the news that its cookie has arrived.
 * @param options.endsAt Epoch seconds at which a session ends whatever happens; absent where cookies arrive.
 */
export function createUndelivered(options: {
  waiting: ReturnType<typeof createBoundedCache<Waiting>>
  results: ExpiringMap<RefreshResult>
  keepResult: number
  endsAt?: ((session: Session) => number) | undefined
  clock: () => number
}): Undelivered {
  const { waiting, results, keepResult, endsAt, clock } = options

  return Object.freeze({
    keep(key: string, renewed: Session): void {
      if (endsAt === undefined) {
        store([key], renewed, clock() + keepResult)
        return
      }
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
