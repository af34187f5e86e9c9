import { claimValue } from '../core/scope.ts'
import type { Claims } from '../core/session.ts'

/** RFC 6749 section 3.3. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/
const none: readonly string[] = Object.freeze([])

/**
 * The scopes a token was given: by the configured claim, or `scope`, or else `scp`; text split at single spaces or a list
 * of scopes. Anything else, one odd item included, counts as none: scopes are not guessed.
 * @see RFC 9068 section 2.2.3, RFC 7662 section 2.2
 */
export function scopesOf(claims: Claims, scopeClaim: string | undefined): readonly string[] {
  const value = scopeClaim === undefined ? (claims['scope'] ?? claims['scp']) : claimValue(claims, scopeClaim)
  const items = typeof value === 'string' ? value.split(' ').filter((item) => item !== '') : value
  const isGood = (item: unknown) => typeof item === 'string' && scopeToken.test(item)
  return Array.isArray(items) && items.every(isGood) ? Object.freeze([...new Set<string>(items)]) : none
}
