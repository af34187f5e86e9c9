import type { BearerToken } from '../core/bearer-token.ts'
import type { Claims } from '../core/session.ts'
import { mergeClaims } from '../provider/claims.ts'
import { TokenRefusal } from './token-refusal.ts'
import { scopesOf } from './token-scopes.ts'

/**
 * The caller that checked claims stand for.
 * @param facts.audience Whom tokens of this server may be for: what else a token says, it says of another server's services.
 * @param facts.expiresAt Epoch seconds.
 * @throws {TokenRefusal} for claims that cannot be passed on, or that bind the token to a key: whoever sends it would have
 * to prove that the key is theirs (RFC 9449, RFC 8705), and that proof cannot be checked here.
 */
export function callerOf(
  token: string,
  claims: Claims,
  facts: Readonly<{ scopeClaim: string | undefined; audience: readonly string[]; expiresAt: number }>,
): BearerToken {
  if (claims['cnf'] !== undefined) throw new TokenRefusal('token-claims-invalid')
  const { sub } = claims
  if (sub !== undefined && !isSubject(sub)) throw new TokenRefusal('token-claims-invalid')
  return Object.freeze({
    token,
    // A client's token names no user, and its `client_id` is not one: a client could be called like a user.
    ...(sub !== undefined && { sub }),
    claims: passable(claims),
    scopes: scopesOf(claims, facts.scopeClaim),
    audiences: Object.freeze(audiencesOf(claims).filter((name) => facts.audience.includes(name))),
    expiresAt: facts.expiresAt,
  })
}

/** Whom a token is for; anything but text and lists of text is nobody. */
export function audiencesOf({ aud }: Claims): readonly string[] {
  return Object.freeze([aud].flat().filter((name): name is string => typeof name === 'string'))
}

function isSubject(sub: unknown): sub is string {
  return typeof sub === 'string' && sub.length <= 255 && /^[^\p{Cc}\p{Cs}]+$/u.test(sub)
}

function passable(claims: Claims): Claims {
  try {
    const { sub, ...others } = mergeClaims(String(claims['sub']), [claims])
    return Object.freeze(claims['sub'] === undefined ? others : { sub, ...others })
  } catch {
    throw new TokenRefusal('token-claims-invalid')
  }
}
