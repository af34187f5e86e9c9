import type { AuthorizationWish } from './authorization-wish.ts'

/** A claim set as the provider gave it (JSON object); never written to after it was built. */
export type Claims = Readonly<Record<string, unknown>>

/** What the token endpoint handed out (RFC 6749 section 5.1). Times are epoch seconds. */
export type Tokens = Readonly<{
  accessToken: string
  refreshToken?: string
  idToken?: string
  obtainedAt: number
  /** When the access token ends; absent when the provider did not say. */
  expiresAt?: number
}>

/** The outcome of a code exchange or a refresh: who it is for, and what was granted. */
export type Grant = Readonly<{
  sub: string
  claims: Claims
  /** Granted scopes: what the token response says, not what was asked for (RFC 6749 section 5.1). */
  scopes: readonly string[]
  tokens: Tokens
}>

/** A signed-in browser. Immutable: a refresh makes a new one with `generation` one higher. Times are epoch seconds. */
export type Session = Grant &
  Readonly<{
    /** Random, 128 bits, base64url; new at every login. */
    id: string
    generation: number
    createdAt: number
    lastSeenAt: number
    /** What the sign-in asked for in vain. */
    unmet?: AuthorizationWish
  }>

/** How long a session may live, in seconds; `idle` undefined means no idle limit. */
export type SessionLimits = Readonly<{ absolute: number; idle?: number }>

/** How people know their account: by mail address or name rather than by an identifier. A claim that is no text is passed over. */
export function accountName({ sub, claims }: Pick<Grant, 'claims'> & { sub?: string }): string {
  const names = [claims['email'], claims['preferred_username'], claims['name']]
  return names.find((name) => typeof name === 'string') ?? sub ?? 'a client'
}

/** The session that a fresh login starts; `unmet` is what it asked for in vain. */
export function startSession(id: string, grant: Grant, now: number, unmet?: AuthorizationWish): Session {
  const started = { ...grant, id, generation: 0, createdAt: now, lastSeenAt: now }
  return Object.freeze(unmet === undefined ? started : { ...started, unmet })
}

/** The session after a refresh: new tokens and claims, the same identity, lifetime and start. */
export function renewSession(session: Session, grant: Grant, now: number): Session {
  return Object.freeze({ ...session, ...grant, generation: session.generation + 1, lastSeenAt: now })
}

/** The same session, seen now. */
export function touchSession(session: Session, now: number): Session {
  return Object.freeze({ ...session, lastSeenAt: now })
}

/** The epoch second at which the session ends whatever happens. */
export function sessionEndsAt(session: Session, limits: SessionLimits): number {
  return session.createdAt + limits.absolute
}

/**
 * Tells whether absolute lifetime and idle timeout still allow the session, and that it is not from the future.
 * @param lastSeenAt Epoch seconds; later than what the session says, where somebody knows better.
 */
export function isSessionLive(
  session: Session,
  limits: SessionLimits,
  now: number,
  lastSeenAt = session.lastSeenAt,
): boolean {
  const clockTolerance = 60
  if (session.createdAt > now + clockTolerance || session.lastSeenAt > now + clockTolerance) return false
  if (now >= sessionEndsAt(session, limits)) return false
  return limits.idle === undefined || now < lastSeenAt + limits.idle
}
