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
 * token, a refresh token or a logout token; and if whom it is for may be a client rather than a service, it must bear a
 * mark of an access token. That is so for every audience that is no URI, unless the configuration says `jwt`, and always
 * for the one of our own ID tokens (`ownClientId`).
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
  const audiences = [claims['aud']].flat()
  const isOurs = ownClientId !== undefined && audiences.includes(ownClientId)
  const mayBeClient =
    expected !== 'jwt' && !audiences.every((name) => /^[a-z][a-z\d+.-]*:/i.test(String(name)))
  return hasMark(claims) || !(isOurs || mayBeClient)
}

/** Tells whether claims are those of another kind of token, whatever it is for. */
export function isForeign(claims: Claims): boolean {
  const { token_use: use, typ } = claims
  // Keycloak says `Bearer`, and used to repeat the nonce there.
  if (typ !== 'Bearer' && foreignClaims.some((name) => claims[name] !== undefined)) return true
  // Amazon Cognito.
  if (use !== undefined && use !== 'access') return true
  return typeof typ === 'string' && foreignTypes.includes(typ.toLowerCase())
}

function hasMark(claims: Claims): boolean {
  return claims['typ'] === 'Bearer' || marks.some((name) => claims[name] !== undefined)
}
