import { createHash } from 'node:crypto'
import { findCookies } from './cookie-header.ts'
import { type CookieAttributes, createCookieLines } from './cookie-line.ts'
import { createCookieOwner } from './cookie-name.ts'

/** So many logins in a row that led to nothing mean that the next one will not either. */
const tolerated = 3
const countedForSeconds = 30

/** Where a login returns to, and whether the browser had a session all the same: one that was not good enough there. */
export type LoginTrip = Readonly<{ returnTo: string; hasSession: boolean }>

/**
 * Counts the logins of a browser that ended well within half a minute, in a plain cookie that grants nothing.
 * A browser that still comes without a session would else be sent round between gateway and provider for ever; so would
 * one whose session does not become what a page needs, where only logins for the same page count.
 * Cookie headers are those of requests; lines are Set-Cookie lines.
 */
export type LoopGuard = Readonly<{
  /** Tells whether this browser keeps signing in and comes back as it was; three times are too many, unless `most` says less. */
  isLooping(cookieHeader: string | undefined, trip: LoginTrip, most?: number): boolean
  /** The line for one more login that ended well. */
  count(cookieHeader: string | undefined, trip: LoginTrip): string
  /** The line that forgets the count. */
  reset(): string
  owns(cookieName: string): boolean
}>

/**
 * Makes the loop guard of one kind of cookies.
 * @param options.name The full cookie name of the session, prefix included.
 */
export function createLoopGuard(options: { name: string; attributes: CookieAttributes }): LoopGuard {
  // Beside the family of the session's cookies, whose chunks are numbered behind a dot.
  const name = `${options.name}_logins`
  const lines = createCookieLines(options.attributes)
  return Object.freeze({
    isLooping: (cookieHeader: string | undefined, trip: LoginTrip, most = tolerated) =>
      seen(cookieHeader, trip) >= most,
    count: (cookieHeader: string | undefined, trip: LoginTrip) =>
      lines.set(name, `${seen(cookieHeader, trip) + 1}.${hash(trip.returnTo)}`, countedForSeconds),
    reset: () => lines.clear(name),
    owns: createCookieOwner(name),
  })

  /** Whatever a client writes there only decides whether it is told that it goes round in circles. */
  function seen(cookieHeader: string | undefined, { returnTo, hasSession }: LoginTrip): number {
    const [digits, page] = findCookies(cookieHeader, name)[0]?.value.split('.') ?? []
    if (hasSession && page !== hash(returnTo)) return 0
    const count = Number(digits)
    return Number.isInteger(count) ? Math.min(Math.max(count, 0), tolerated) : 0
  }
}

/** Enough of a hash to tell pages apart. */
function hash(returnTo: string): string {
  return createHash('sha256').update(returnTo).digest('base64url').slice(0, 8)
}
