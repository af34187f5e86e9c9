import type { BearerToken } from '../core/bearer-token.ts'
import type { ErrorCode, PosternError } from '../core/errors.ts'
import { type Session, type SessionLimits, sessionEndsAt, touchSession } from '../core/session.ts'
import type { EndedSessions } from '../session/ended-sessions.ts'
import type { Generations } from '../session/generations.ts'
import type { Outcome } from '../session/refresh-outcome.ts'
import type { Refresher } from '../session/refresher.ts'
import type { SessionStore } from '../session/session-store.ts'
import type { Sightings } from '../session/sightings.ts'
import type { CookieChange } from './cookie-change.ts'

/** Who a request is from. */
export type Identity = Readonly<{
  session?: Session
  bearer?: BearerToken
  cookies?: CookieChange
  /** The session that the browser holds is older than this one, and its cookie does not get there with this answer. */
  isUndelivered?: true
  /** Why a session that exists cannot be used for this request. */
  reason?: 'access-token-expired' | 'session-ended' | 'session-superseded'
  /** The session is kept, but there is no usable access token right now. */
  failure?: Readonly<{ code: ErrorCode; retryAfter: number }>
}>

/** Finds out who a request is from; synchronous unless a refresh has to be waited for. */
export type Identify = (
  store: SessionStore,
  cookieHeader: string | undefined,
  needsToken: boolean,
) => Identity | Promise<Identity>

type IdentifyOptions = Readonly<{
  refresher: Pick<Refresher, 'current'>
  ended: EndedSessions
  generations: Generations
  /** Who knows better when a session was last seen. */
  sightings?: Sightings | undefined
  limits: SessionLimits
  clock: () => number
  /** How many Set-Cookie lines of an answer get to the browser: any number unless given. */
  delivers?: 'all' | 'one' | 'none'
}>

const nobody: Identity = Object.freeze({})

/** Builds the one reader of sessions: cookie, sign-outs, refresh, idle time, in this order. */
export function createIdentify(options: IdentifyOptions): Identify {
  const { refresher, ended, generations, sightings, limits, clock, delivers = 'all' } = options
  // What does not fit one line is not sealed again and again to find that out.
  const unfit = new WeakSet<Session>()
  // The seal is renewed now and then, not at every request: it costs more than all the rest.
  const touchAfter = Math.min(60, (limits.idle ?? limits.absolute) / 10)
  return identify

  function identify(store: SessionStore, cookieHeader: string | undefined, needsToken: boolean) {
    if (cookieHeader === undefined) return nobody
    const { session, isStale, isPresent } = store.read(cookieHeader)
    if (session === undefined) return isPresent ? cleared(store, cookieHeader) : nobody
    if (ended.has(session.id)) return cleared(store, cookieHeader, 'session-ended')
    if (!needsToken) return kept(store, cookieHeader, session, isStale)
    const outcome = refresher.current(session)
    if (outcome instanceof Promise) {
      return outcome.then((settled) => fromOutcome(store, cookieHeader, session, isStale, settled))
    }
    return fromOutcome(store, cookieHeader, session, isStale, outcome)
  }

  function fromOutcome(
    store: SessionStore,
    cookieHeader: string,
    session: Session,
    isStale: boolean,
    outcome: Outcome,
  ): Identity {
    switch (outcome.kind) {
      case 'current':
        // The older session sealed once more could reach the browser after the renewed one, and take its place.
        if (outcome.isRenewing) return { session }
        return kept(store, cookieHeader, session, isStale)
      case 'renewed':
        return written(store, cookieHeader, outcome.session)
      case 'expired':
        return { reason: 'access-token-expired' }
      case 'ended':
        // A superseded cookie belongs to a session that lives on in newer ones: only this request goes without.
        if (!outcome.clearCookie) return { reason: 'session-superseded' }
        ended.end(session.id, sessionEndsAt(session, limits))
        return cleared(store, cookieHeader, 'session-ended')
      case 'unavailable':
        return { failure: outcome }
    }
  }

  function kept(store: SessionStore, cookieHeader: string, session: Session, isStale: boolean): Identity {
    const now = clock()
    const isDue = isStale || now - (sightings?.lastSeenAt(session) ?? session.lastSeenAt) >= touchAfter
    if (!isDue || !generations.isNewest(session)) return { session }
    sightings?.note(session, now)
    return written(store, cookieHeader, touchSession(session, now))
  }

  function written(store: SessionStore, cookieHeader: string, session: Session): Identity {
    if (delivers === 'none' || unfit.has(session)) return { session, isUndelivered: true }
    try {
      const lines = store.write(session, cookieHeader)
      if (delivers === 'all' || lines.length === 1) return { session, cookies: { lines, session } }
      unfit.add(session)
      return { session, isUndelivered: true }
    } catch (error) {
      return { failure: { code: (error as PosternError).code, retryAfter: 0 } }
    }
  }

  function cleared(store: SessionStore, cookieHeader: string, reason?: 'session-ended'): Identity {
    const cookies = { lines: store.clear(cookieHeader) }
    return reason === undefined ? { cookies } : { cookies, reason }
  }
}
