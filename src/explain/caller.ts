import { callerOf } from '../bearer/token-identity.ts'
import type { TokenRefusal } from '../bearer/token-refusal.ts'
import { scopesOf } from '../bearer/token-scopes.ts'
import type { Config } from '../config/schema.ts'
import type { BearerOutcome, TokenFault } from '../core/bearer-token.ts'
import type { Claims, Session } from '../core/session.ts'
import { mergeClaims } from '../provider/claims.ts'

/** What stands for a token wherever one would be. */
const tokenNames = Object.freeze({
  access: '<access token>',
  id: '<ID token>',
  refresh: '<refresh token>',
})

/** What a token is called that is sent along in a made-up request: it has to look like one. */
export const sentToken = 'access-token'

/** How long a made-up bearer token is good for, in seconds. */
const bearerLifetime = 300

/** The session of a made-up person: `scopes` (a text or a list) is what was granted, all else are claims. */
export function madeUpSession(given: Claims, now: number): Session {
  const { scopes, ...claims } = given
  const sub = typeof given['sub'] === 'string' ? given['sub'] : 'somebody'
  return Object.freeze({
    id: 'made-up',
    generation: 0,
    createdAt: now,
    lastSeenAt: now,
    sub,
    claims: mergeClaims(sub, [claims]),
    scopes: scopesOf(scopes === undefined ? claims : { scope: scopes }, undefined),
    tokens: { accessToken: tokenNames.access, idToken: tokenNames.id, obtainedAt: now },
  })
}

/**
 * What would come of a bearer token with these claims, its signature being good; `scopes` as above. Without `aud` it is
 * for whom its issuer may make tokens for, without `iss` it is from the first one.
 */
export function madeUpBearer(given: Claims, config: Config, now: number): BearerOutcome {
  const { scopes, ...claims } = given
  const issuer = issuerOf(claims, config)
  if (issuer === undefined) return refused('token-issuer-unknown')
  const { audience, scope_claim: scopeClaim } = issuer
  const expiresAt = typeof claims['exp'] === 'number' ? claims['exp'] : now + bearerLifetime
  if (expiresAt <= now) return refused('token-expired')
  try {
    const bearer = callerOf(
      tokenNames.access,
      { aud: audience, ...claims },
      { audience, scopeClaim, expiresAt },
    )
    if (bearer.audiences.length === 0) return refused('token-audience-wrong')
    const granted = scopes === undefined ? bearer.scopes : scopesOf({ scope: scopes }, undefined)
    return { kind: 'verified', bearer: Object.freeze({ ...bearer, scopes: granted }) }
  } catch (error) {
    return refused((error as TokenRefusal).fault)
  }
}

/** The same session with names in place of its tokens. */
export function withoutTokens(session: Session): Session {
  const { idToken, refreshToken, ...tokens } = session.tokens
  return Object.freeze({
    ...session,
    tokens: {
      ...tokens,
      accessToken: tokenNames.access,
      ...(idToken !== undefined && { idToken: tokenNames.id }),
      ...(refreshToken !== undefined && { refreshToken: tokenNames.refresh }),
    },
  })
}

function issuerOf({ iss }: Claims, { bearer }: Config) {
  const { issuers = [], introspection } = bearer ?? {}
  const known = introspection === undefined ? issuers : [...issuers, introspection]
  return iss === undefined ? known[0] : known.find(({ issuer }) => issuer === iss)
}

function refused(fault: TokenFault): BearerOutcome {
  return { kind: 'refused', fault }
}
