import type { Session } from '../core/session.ts'

/** Seconds until the access token ends; infinite when the provider did not say. */
export function secondsLeft(session: Session, now: number): number {
  return (session.tokens.expiresAt ?? Number.POSITIVE_INFINITY) - now
}

/**
 * Tells whether the session has come to the point where it is to be refreshed, or, without a refresh token, has run out.
 * That is `refreshBefore` seconds before the end, at most a third of the token's lifetime, plus up to a quarter more:
 * a share that differs from session to session, so that many logins of one minute do not come back in one second.
 */
export function isRefreshDue(session: Session, refreshBefore: number, now: number): boolean {
  const { expiresAt, obtainedAt, refreshToken } = session.tokens
  if (expiresAt === undefined) return false
  if (refreshToken === undefined) return now >= expiresAt
  const ahead = Math.max(0, Math.min(refreshBefore, (expiresAt - obtainedAt) / 3))
  return now >= expiresAt - ahead * (1 + share(session.id) / 4)
}

/** A number from 0 to 1 that depends on the text alone (FNV-1a). */
function share(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return (hash >>> 0) / 2 ** 32
}
