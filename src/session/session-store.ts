import type { Session } from '../core/session.ts'

/**
 * What a request's cookies say: the live session if there is one, whether it should be written again because an older
 * key sealed it, and whether there was any cookie of ours, which without a session is to be cleared.
 */
export type SessionRead = Readonly<{ session: Session | undefined; isStale: boolean; isPresent: boolean }>

/** Where sessions live between requests. Cookie headers are those of requests; the results are Set-Cookie lines. */
export type SessionStore = Readonly<{
  read(cookieHeader: string | undefined): SessionRead
  /** @throws {PosternError} POSTERN_SESSION_TOO_LARGE when the session does not fit. */
  write(session: Session, cookieHeader: string | undefined): string[]
  clear(cookieHeader: string | undefined): string[]
  /** Tells whether a cookie of this name is the gateway's, so that no upstream may see or set it. */
  owns(cookieName: string): boolean
}>
