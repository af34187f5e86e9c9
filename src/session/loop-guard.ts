import { findCookies } from './cookie-header.ts'
import { type CookieAttributes, createCookieLines } from './cookie-line.ts'
import { createCookieOwner } from './cookie-name.ts'

/** So many logins in a row that led to no session mean that the session cookie does not come back. */
const tolerated = 3
const countedForSeconds = 30

/**
 * Counts the logins of a browser that ended well within half a minute, in a plain cookie that grants nothing.
 * A browser that still comes without a session would else be sent round between gateway and provider for ever.
 * Cookie headers are those of requests; lines are Set-Cookie lines.
 */
export type LoopGuard = Readonly<{
  /** Tells whether this browser keeps signing in without keeping the session. */
  isLooping(cookieHeader: string | undefined): boolean
  /** The line for one more login that ended well. */
  count(cookieHeader: string | undefined): string
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
    isLooping: (cookieHeader: string | undefined) => seen(cookieHeader) >= tolerated,
    count: (cookieHeader: string | undefined) =>
      lines.set(name, String(seen(cookieHeader) + 1), countedForSeconds),
    reset: () => lines.clear(name),
    owns: createCookieOwner(name),
  })

  /** Whatever a client writes there only decides whether it is told about cookies. */
  function seen(cookieHeader: string | undefined): number {
    const count = Number(findCookies(cookieHeader, name)[0]?.value)
    return Number.isInteger(count) ? Math.min(Math.max(count, 0), tolerated) : 0
  }
}
