import type { Claims } from './session.ts'

/** How, and how lately, somebody must have authenticated (RFC 9470 section 3). */
export type AuthenticationNeed = Readonly<{
  /** One of these contexts; empty for no condition. */
  acr: readonly string[]
  /** Seconds since the authentication. */
  maxAge?: number
}>

/** What an authentication falls short of. */
export type AuthenticationGap = 'acr-insufficient' | 'authentication-too-old'

/** How far, in seconds, `auth_time` may lie in the future: clocks differ. */
const clockTolerance = 60

/**
 * Compares `acr` and `auth_time` with what is needed; a claim that is missing or of another type falls short.
 * @param now Epoch seconds.
 * @see OpenID Connect Core 1.0 section 2, RFC 9470 section 6
 */
export function authenticationGap(
  { acr, maxAge }: AuthenticationNeed,
  claims: Claims,
  now: number,
): AuthenticationGap | undefined {
  if (acr.length > 0 && !acr.some((value) => value === claims['acr'])) return 'acr-insufficient'
  return maxAge === undefined || isRecent(claims['auth_time'], maxAge, now)
    ? undefined
    : 'authentication-too-old'
}

function isRecent(authTime: unknown, maxAge: number, now: number): boolean {
  return typeof authTime === 'number' && authTime <= now + clockTolerance && now - authTime <= maxAge
}
