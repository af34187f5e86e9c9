import { createHmac } from 'node:crypto'
import type { Grant, Session, Tokens } from '../core/session.ts'
import type { Pause } from './back-off.ts'
import type { EndedSessions } from './ended-sessions.ts'
import type { Generations } from './generations.ts'
import { isRefreshDue, secondsLeft } from './refresh-due.ts'
import { createRefreshMemory, type RefreshMemory } from './refresh-memory.ts'
import type { Outcome, RefreshEvent } from './refresh-outcome.ts'
import { createTokenRefresh } from './token-refresh.ts'
import { createUndelivered } from './undelivered.ts'

/** Keeps access tokens fresh so that parallel requests never log anybody out. */
export type Refresher = Readonly<{
  /** What to go on with; a promise only where this request has to wait. Never rejects. */
  current(session: Session): Outcome | Promise<Outcome>
  /** The youngest generation that came of this session and is still remembered, else itself: its tokens are to be revoked. */
  latest(session: Session): Session
}>

/** What the refresher is built from. Durations are seconds unless they say otherwise. */
export type RefresherOptions = Readonly<{
  /** Spends the session's refresh token; rejects with a `RefreshFailure`, which PosternError is. */
  refresh: (session: Session) => Promise<Grant>
  revoke: (tokens: Tokens) => void | Promise<void>
  /** Epoch seconds. */
  clock: () => number
  /** Must not keep the process alive. */
  sleep: (milliseconds: number) => Promise<void>
  ended: EndedSessions
  generations: Generations
  refreshBefore: number
  /** How long a request waits at most; the token request's timeout and one second more. */
  waitLimit: number
  /** As in `createUndelivered`. */
  endsAt?: ((session: Session) => number) | undefined
  /** How long the result serves requests that still carry the old cookie; 60. */
  keepResult?: number
  /** Token requests at a time, where no memory is given; 32. */
  maxConcurrent?: number
  /** What the refreshers before this one left; nothing unless given. */
  memory?: RefreshMemory
  report?: (event: RefreshEvent) => void
}>

/** Below this many seconds an access token may end on its way to the upstream: better to wait for the next one. */
const shortRemainder = 5

/**
 * Makes a refresher for one process: a single flight for each refresh token, whose result outlives it.
 * @see RFC 6749 section 6, RFC 9700 section 4.14
 */
export function createRefresher(options: RefresherOptions): Refresher {
  const { clock, sleep, ended, generations, endsAt, refreshBefore, report = () => {} } = options
  const { keepResult = 60 } = options
  const { memory = createRefreshMemory(options) } = options
  const { processKey, flights, waiting, results, backOff, slots } = memory
  const undelivered = createUndelivered({ waiting, results, keepResult, endsAt, clock })
  const refreshTokens = createTokenRefresh({
    ...options,
    keepResult,
    report,
    slots,
    results,
    undelivered,
    backOff,
  })

  function current(session: Session): Outcome | Promise<Outcome> {
    undelivered.seen(session)
    return outcomeOf(session)
  }

  function outcomeOf(session: Session): Outcome | Promise<Outcome> {
    if (ended.has(session.id)) return { kind: 'ended', reason: 'signed-out', clearCookie: true }
    if (!isRefreshDue(session, refreshBefore, clock())) return { kind: 'current', session }
    const { refreshToken } = session.tokens
    if (refreshToken === undefined) return { kind: 'expired', reason: 'access-token-expired' }
    return renew(session, keyOf(refreshToken))
  }

  function renew(session: Session, key: string): Outcome | Promise<Outcome> {
    generations.note(session)
    const known = knownOutcome(session, key)
    if (known !== undefined) return known
    const flight = flights.get(key)
    if (flight !== undefined) {
      if (secondsLeft(session, clock()) > shortRemainder)
        return { kind: 'current', session, isRenewing: true }
      report({ event: 'joined', sessionId: session.id, sub: session.sub })
      return afterFlight(flight, session, key)
    }
    const pause = backOff.pause(session.id)
    if (pause !== undefined) return withoutRefresh(session, pause)
    return afterFlight(takeOff(session, key), session, key)
  }

  /** The flight as its passengers see it: they leave at the wait limit, it goes on. */
  function takeOff(session: Session, key: string): Promise<Pause | undefined> {
    const landed = refreshTokens(key, session).finally(() => flights.delete(key))
    const flight = Promise.race([landed, sleep(options.waitLimit * 1000).then(() => undefined)])
    flights.set(key, flight)
    return flight
  }

  async function afterFlight(
    flight: Promise<Pause | undefined>,
    session: Session,
    key: string,
  ): Promise<Outcome> {
    const pause = await flight
    // No clearing here: while this request waited, its browser may have signed in anew.
    if (ended.has(session.id)) return { kind: 'ended', reason: 'signed-out', clearCookie: false }
    return knownOutcome(session, key) ?? withoutRefresh(session, pause)
  }

  /** What is known already about this generation of the session, so that its refresh token need not or must not be spent. */
  function knownOutcome(session: Session, key: string): Outcome | Promise<Outcome> | undefined {
    const result = results.get(key)
    if (result?.kind === 'renewed' && result.session.generation > session.generation) {
      report({ event: 'result-reused', sessionId: session.id, sub: session.sub })
      return successor(result.session)
    }
    if (!generations.isNewest(session)) {
      report({ event: 'replay-suspected', sessionId: session.id, sub: session.sub })
      return { kind: 'ended', reason: 'superseded', clearCookie: false }
    }
    return result?.kind === 'ended' ? result : undefined
  }

  /** The successor may be due itself, or have one: the request gets the youngest there is. */
  function successor(session: Session): Outcome | Promise<Outcome> {
    const outcome = outcomeOf(session)
    return outcome instanceof Promise ? outcome.then(asSuccessor) : asSuccessor(outcome)
  }

  /** Without a pause, nobody knows yet what becomes of the refresh. */
  function withoutRefresh(session: Session, pause: Pause | undefined): Outcome {
    const now = clock()
    if (secondsLeft(session, now) > 0) return { kind: 'current', session }
    const { code, until } = pause ?? { code: 'POSTERN_PROVIDER_UNREACHABLE', until: now }
    return { kind: 'unavailable', code, retryAfter: Math.max(1, Math.ceil(until - now)) }
  }

  function latest(session: Session): Session {
    const { refreshToken } = session.tokens
    if (refreshToken === undefined) return session
    const result = results.get(keyOf(refreshToken))
    const isYounger = result?.kind === 'renewed' && result.session.generation > session.generation
    return isYounger ? latest(result.session) : session
  }

  function keyOf(refreshToken: string): string {
    return createHmac('sha256', processKey).update(refreshToken).digest('base64url')
  }

  return Object.freeze({ current, latest })
}

/** The same for a request that carries an older cookie: it is given the newer one, and may not clear it. */
function asSuccessor(outcome: Outcome): Outcome {
  if (outcome.kind === 'current') return { kind: 'renewed', session: outcome.session }
  return outcome.kind === 'ended' ? { ...outcome, clearCookie: false } : outcome
}
