import type { Claims } from '../core/session.ts'
import type { IssuerConfig } from './bearer-config.ts'

/** Claims that ID tokens have (OpenID Connect Core 1.0 sections 2 and 3.3.2.11), and security events (RFC 8417 section 2.2). */
const foreignClaims = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events']
/** What Keycloak writes into the claim `typ` of tokens that are no access tokens. */
const foreignTypes = ['id', 'refresh', 'offline', 'logout']

/** What access tokens say of the client they were given to, and ID tokens do not. */
const marks = ['scope', 'scp', 'client_id', 'cid', 'appid', 'azpacr', 'gty', 'token_use']

/**
 * Tells whether a JWT is an access token. One of the type of RFC 9068 says so itself. Another one must not look like an ID
 * token, a refresh token or a logout token, and must bear a mark of an access token; where the configuration says `jwt`
 * that is needed only if its audience is also the one of our own ID tokens (`ownClientId`).
 * @see RFC 9068 section 4, RFC 8725 section 3.11
 */
export function isAccessToken(
  typ: unknown,
  claims: Claims,
  expected: IssuerConfig['type'],
  ownClientId: string | undefined,
): boolean {
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ
  if (type === 'at+jwt') return expected !== 'jwt'
  if (expected === 'at+jwt' || (type !== undefined && type !== 'jwt') || isForeign(claims)) return false
  return hasMark(claims) || (expected === 'jwt' && !isFor(claims, ownClientId))
}

function isForeign(claims: Claims): boolean {
  return foreignClaims.some((name) => claims[name] !== undefined) || saysForeign(claims)
}

/** Tells whether claims, those of an introspection included, say themselves that they are of another kind of token. */
export function saysForeign({ token_use: use, typ }: Claims): boolean {
  // Amazon Cognito.
  if (use !== undefined && use !== 'access') return true
  return typeof typ === 'string' && foreignTypes.includes(typ.toLowerCase())
}

function isFor({ aud }: Claims, clientId: string | undefined): boolean {
  return clientId !== undefined && [aud].flat().includes(clientId)
}

function hasMark(claims: Claims): boolean {
  return claims['typ'] === 'Bearer' || marks.some((name) => claims[name] !== undefined)
}
