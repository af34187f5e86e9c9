import { isRetrieval } from '../core/navigation.ts'
import type { Session, SessionLimits } from '../core/session.ts'
import type { ExpiringMap } from '../session/expiring-map.ts'
import type { Visit } from './visit.ts'

/** Tells whether a page view is to go by our own endpoint, so that the browser gets the cookie that a check cannot bring it. */
export type NeedsDetour = (visit: Visit) => boolean

/** Without an idle time a cookie only has to be newer than the last refresh. */
const seldom = 900

/**
 * Builds the judge of detours. A browser is sent on one at most once in a quarter of the idle time for each generation of
 * its session, whatever comes of it: so nobody goes round in circles.
 */
export function createNeedsDetour(options: {
  limits: SessionLimits
  taken: ExpiringMap<true>
  /** Epoch seconds. */
  clock: () => number
}): NeedsDetour {
  const { limits, taken, clock } = options
  const every = limits.idle === undefined ? seldom : Math.ceil(limits.idle / 4)

  return ({ session, isUndelivered, method }) => {
    if (session === undefined || !isRetrieval(method)) return false
    const now = clock()
    if (!isUndelivered && !isFading(session, now)) return false
    const key = `${session.id}.${session.generation}`
    if (taken.get(key)) return false
    taken.set(key, true, now + every)
    return true
  }

  /** The cookie says that the session was not used for long, and only this process knows better. */
  function isFading({ lastSeenAt }: Session, now: number): boolean {
    return limits.idle !== undefined && now - lastSeenAt >= every
  }
}
