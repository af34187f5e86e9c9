import { setImmediate } from 'node:timers/promises'
import type { Grant, Session, Tokens } from '../../src/core/session.ts'
import { createEndedSessions } from '../../src/session/ended-sessions.ts'
import { createGenerations } from '../../src/session/generations.ts'
import type { RefreshFailure } from '../../src/session/refresh-failure.ts'
import type { Outcome, RefreshEvent } from '../../src/session/refresh-outcome.ts'
import { createRefresher } from '../../src/session/refresher.ts'
import { createClock, sampleGrant, start } from './samples.ts'

export const refusal: RefreshFailure = { code: 'POSTERN_GRANT_REFUSED' }
export const unreachable: RefreshFailure = { code: 'POSTERN_PROVIDER_UNREACHABLE' }

/** What a rotating provider answers to the refresh number `generation`; its tokens begin where the first ones end. */
export function grantFor(generation: number, lifetime = 300): Grant {
  const obtainedAt = start + 300
  return sampleGrant({
    tokens: {
      accessToken: `access-${generation}`,
      refreshToken: `refresh-${generation}`,
      idToken: `id-${generation}`,
      obtainedAt,
      expiresAt: obtainedAt + lifetime,
    },
  })
}

type BenchOptions = {
  now?: number
  keepResult?: number
  endsAt?: (session: Session) => number
  maxConcurrent?: number
  revocationError?: Error
  hasDefaults?: boolean
  report?: (event: RefreshEvent) => void
}

/** A refresher whose clock stands still, whose provider answers when told to, and whose sleepers wake when told to. */
export function createBench({ now = start, revocationError, hasDefaults, ...rest }: BenchOptions = {}) {
  const clock = createClock(now)
  const ended = createEndedSessions({ clock })
  const generations = createGenerations()
  const requests: Session[] = []
  const requestTimes: number[] = []
  const revoked: Tokens[] = []
  const events: RefreshEvent[] = []
  const open: { resolve: (grant: Grant) => void; reject: (error: unknown) => void }[] = []
  const sleepers: { milliseconds: number; resolve: () => void }[] = []

  const refresher = createRefresher({
    refresh(session) {
      requests.push(session)
      requestTimes.push(clock())
      return new Promise((resolve, reject) => open.push({ resolve, reject }))
    },
    revoke(tokens) {
      revoked.push(tokens)
      if (revocationError !== undefined) throw revocationError
    },
    sleep: (milliseconds) => new Promise((resolve) => sleepers.push({ milliseconds, resolve })),
    clock,
    ended,
    generations,
    refreshBefore: 60,
    waitLimit: 11,
    ...(!hasDefaults && { report: (event: RefreshEvent) => events.push(event) }),
    ...rest,
  })

  return {
    refresher,
    clock,
    ended,
    generations,
    requests,
    requestTimes,
    revoked,
    events,
    pending: () => open.length,
    count: (event: RefreshEvent['event']) => events.filter((entry) => entry.event === event).length,
    sessionOf: (outcome: Outcome) => (outcome as { session: Session }).session,
    /** Answers the oldest open token request with a grant or a failure, and lets everybody take note. */
    async answer(answer: Grant | RefreshFailure) {
      if ('code' in answer) open.shift()?.reject(answer)
      else open.shift()?.resolve(answer)
      await setImmediate()
    },
    async reject(error: unknown) {
      open.shift()?.reject(error)
      await setImmediate()
    },
    async wake(milliseconds: number) {
      for (const sleeper of sleepers) if (sleeper.milliseconds === milliseconds) sleeper.resolve()
      await setImmediate()
    },
  }
}
