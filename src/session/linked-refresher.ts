import type { Session } from '../core/session.ts'
import type { EndedSessions } from './ended-sessions.ts'
import type { Generations } from './generations.ts'
import { isRefreshDue } from './refresh-due.ts'
import type { Outcome } from './refresh-outcome.ts'
import type { Refresher } from './refresher.ts'
import type { SessionLink } from './session-link.ts'

/** Renewed sessions, by their id, that no browser has come with yet, and their generation. */
export type Awaited = Readonly<{
  get: (id: string) => number | undefined
  delete: (id: string) => unknown
}>

/**
 * Makes the refresher of a process that is one of several: what needs no refresh is told here, all else by the process that
 * does the refreshes for all of them.
 * @param options.refreshBefore Seconds.
 * @param options.clock Epoch seconds.
 */
export function createLinkedRefresher(options: {
  link: Pick<SessionLink, 'renew' | 'tellSeen'>
  ended: Pick<EndedSessions, 'has'>
  generations: Generations
  awaited: Awaited
  clock: () => number
  refreshBefore: number
}): Pick<Refresher, 'current'> {
  const { link, ended, generations, awaited, clock, refreshBefore } = options
  return Object.freeze({ current })

  function current(session: Session): Outcome | Promise<Outcome> {
    noteSeen(session)
    if (ended.has(session.id)) return { kind: 'ended', reason: 'signed-out', clearCookie: true }
    if (!isRefreshDue(session, refreshBefore, clock())) return { kind: 'current', session }
    if (session.tokens.refreshToken === undefined) return { kind: 'expired', reason: 'access-token-expired' }
    return renewed(session)
  }

  async function renewed(session: Session): Promise<Outcome> {
    const outcome = await link.renew(session)
    if (outcome.kind === 'renewed') generations.note(outcome.session)
    return outcome
  }

  function noteSeen(session: Session): void {
    const generation = awaited.get(session.id)
    if (generation === undefined || session.generation < generation) return
    awaited.delete(session.id)
    link.tellSeen(session)
  }
}
