import type { Session } from '../core/session.ts'
import type { EndedSessions } from '../session/ended-sessions.ts'
import type { Generations } from '../session/generations.ts'

/** Set-Cookie lines that go with an answer, and the session they carry if they carry one. */
export type CookieChange = Readonly<{ lines: readonly string[]; session?: Session }>

const none: readonly string[] = Object.freeze([])

/**
 * The Set-Cookie lines to send now: an answer that took long must not bring back a session that was
 * renewed or ended meanwhile.
 */
export function cookieLinesFor(
  change: CookieChange | undefined,
  generations: Generations,
  ended: EndedSessions,
): readonly string[] {
  if (change === undefined) return none
  const { session, lines } = change
  if (session === undefined) return lines
  return generations.isNewest(session) && !ended.has(session.id) ? lines : none
}
