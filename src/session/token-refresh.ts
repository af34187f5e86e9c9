import { type Grant, renewSession, type Session, type Tokens } from '../core/session.ts'
import type { BackOff, Pause } from './back-off.ts'
import type { EndedSessions } from './ended-sessions.ts'
import type { ExpiringMap } from './expiring-map.ts'
import type { Generations } from './generations.ts'
import { secondsLeft } from './refresh-due.ts'
import { failureCode, isAmbiguous } from './refresh-failure.ts'
import type { Outcome, RefreshEvent } from './refresh-outcome.ts'
import type { Slots } from './slots.ts'
import type { Undelivered } from './undelivered.ts'

/** How a refresh ended for good: a renewed session, or none. */
export type RefreshResult = Extract<Outcome, { kind: 'renewed' | 'ended' }>

/** What one refresh needs to do its work and where it leaves what came of it. */
export type RefreshParts = Readonly<{
  refresh: (session: Session) => Promise<Grant>
  revoke: (tokens: Tokens) => void | Promise<void>
  sleep: (milliseconds: number) => Promise<void>
  clock: () => number
  report: (event: RefreshEvent) => void
  slots: Slots
  ended: EndedSessions
  generations: Generations
  results: ExpiringMap<RefreshResult>
  undelivered: Undelivered
  backOff: BackOff
  /** Seconds. */
  keepResult: number
}>

const retryDelayMs = 1000
const keepRefusal = 30

/**
 * Makes the function that refreshes one session and records the result or the failure under `key`; it never rejects.
 * Nobody's waiting keeps it going or stops it: what it finds is there for whoever asks next. It resolves to the pause that begins
 * with a failure, which may be over, by the clock, when those who waited come to look for it.
 */
export function createTokenRefresh(
  parts: RefreshParts,
): (key: string, session: Session) => Promise<Pause | undefined> {
  const { clock, report, ended, generations, results, undelivered, backOff } = parts

  return async (key, session) => {
    try {
      const grant = await request(session)
      if (grant !== undefined) accept(key, session, grant)
      return undefined
    } catch (error) {
      return fail(key, session, error)
    }
  }

  /** One token request; a second one when nobody knows whether the first arrived. */
  async function request(session: Session): Promise<Grant | undefined> {
    try {
      return await send(session)
    } catch (error) {
      if (!isAmbiguous(error)) throw error
      await parts.sleep(retryDelayMs)
      return await send(session)
    }
  }

  /** Signing out while the request waits for its turn makes it needless. */
  function send(session: Session): Promise<Grant | undefined> {
    return parts.slots(async () => (ended.has(session.id) ? undefined : parts.refresh(session)))
  }

  function accept(key: string, session: Session, answer: Grant): void {
    const grant = { ...answer, tokens: withKeptTokens(session.tokens, answer.tokens) }
    if (ended.has(session.id)) {
      discard('discarded', session, grant.tokens)
    } else if (grant.sub !== session.sub) {
      keep(key, { kind: 'ended', reason: 'subject-changed', clearCookie: true }, parts.keepResult)
      discard('subject-changed', session, grant.tokens)
    } else {
      renew(key, session, grant)
    }
  }

  function renew(key: string, session: Session, grant: Grant): void {
    const now = clock()
    const renewed = renewSession(session, grant, now)
    generations.note(renewed)
    undelivered.keep(key, renewed)
    // An access token that is over on arrival would be refreshed at once, and its successor too, without end.
    if (secondsLeft(renewed, now) > 0) backOff.succeed(session.id)
    else backOff.fail(session.id, 'POSTERN_PROVIDER_INVALID')
    report({ event: 'refreshed', sessionId: session.id, sub: session.sub })
  }

  function fail(key: string, session: Session, error: unknown): Pause | undefined {
    const code = failureCode(error)
    if (code === 'POSTERN_GRANT_REFUSED') {
      keep(key, { kind: 'ended', reason: 'grant-refused', clearCookie: true }, keepRefusal)
      report({ event: 'refused', sessionId: session.id, sub: session.sub, error })
      return undefined
    }
    const pause = backOff.fail(session.id, code)
    report({ event: 'failed', sessionId: session.id, sub: session.sub, error })
    return pause
  }

  function keep(key: string, result: RefreshResult, seconds: number): void {
    results.set(key, Object.freeze(result), clock() + seconds)
  }

  function discard(event: 'discarded' | 'subject-changed', session: Session, tokens: Tokens): void {
    report({ event, sessionId: session.id, sub: session.sub })
    revoke(tokens).catch((error) =>
      report({ event: 'revocation-failed', sessionId: session.id, sub: session.sub, error }),
    )
  }

  async function revoke(tokens: Tokens): Promise<void> {
    await parts.revoke(tokens)
  }
}

/** The new tokens; the refresh token and the ID token stay where none came (RFC 6749 section 6, Core section 12.2). */
function withKeptTokens(old: Tokens, fresh: Tokens): Tokens {
  const { refreshToken, idToken } = old
  const kept = {
    ...(refreshToken !== undefined && { refreshToken }),
    ...(idToken !== undefined && { idToken }),
  }
  return Object.freeze({ ...kept, ...fresh })
}
