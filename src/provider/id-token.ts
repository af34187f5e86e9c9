import { createHash } from 'node:crypto'
import { decodeJwt, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { PosternError } from '../core/errors.ts'
import { checkedSubject } from './claims.ts'
import type { ProviderConfig } from './provider-config.ts'
import type { SigningKeys } from './signing-keys.ts'

export type IdTokenClaims = JWTPayload & { sub: string }

export type IdTokens = Readonly<{
  /** Verifies an ID token that came with this access token; `maxAge` is how long ago it may have been issued, in seconds. */
  verify: (idToken: string, accessToken: string, maxAge: number) => Promise<IdTokenClaims>
}>

/** How long before the callback an ID token may have been issued, in seconds. */
export const maxAgeAtLogin = 600

/** A refreshed ID token is new (OpenID Connect Core 1.0 section 12.2); a day leaves room for odd clocks only. */
export const maxAgeAtRefresh = 24 * 3600

/**
 * Verifies ID tokens after openid-client has checked their claims: the signature under the configured algorithms only, and
 * what openid-client leaves out. Those are `typ` (RFC 8725 section 3.11), `iat` in the future or long past, `azp` beside a single
 * audience (OpenID Connect Core 1.0 section 3.1.3.7), the form of `sub` (section 2) and `at_hash` (section 3.1.3.8).
 * Rejects with errors of jose, or POSTERN_PROVIDER_INVALID.
 */
export function createIdTokens(config: ProviderConfig, keys: SigningKeys, clock: () => number): IdTokens {
  /** HS256 is verified with the client secret, never with a key from the network. */
  const findKey: JWTVerifyGetKey = (header, token) =>
    header.alg.startsWith('HS') ? secret() : keys.find(header, token)

  function secret(): Uint8Array {
    if (config.client_secret === undefined)
      throw invalid('an HMAC cannot be verified without a client secret')
    return new TextEncoder().encode(config.client_secret)
  }

  return {
    async verify(idToken, accessToken, maxAge) {
      // atob, and so the libraries, overlook white space, which has no place in a header.
      if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(idToken)) throw invalid('the ID token is not a signed JWT')
      const { payload, protectedHeader } = await jwtVerify(idToken, findKey, {
        issuer: config.issuer as string,
        audience: config.client_id,
        algorithms: [...config.id_token_algorithms],
        currentDate: new Date(clock() * 1000),
        clockTolerance: config.clock_tolerance / 1000,
        maxTokenAge: maxAge,
        requiredClaims: ['exp'],
      })
      checkType(protectedHeader.typ)
      checkAuthorizedParty(payload, config.client_id)
      checkAccessTokenHash(payload['at_hash'], accessToken, protectedHeader.alg)
      return { ...payload, sub: checkedSubject(payload.sub) }
    },
  }
}

/**
 * Compares the claims of a refreshed ID token with the session's subject and its former ID token.
 * Throws POSTERN_GRANT_REFUSED with `isSubjectChange` for another subject, POSTERN_PROVIDER_INVALID for the other rules.
 * @see OpenID Connect Core 1.0 section 12.2
 */
export function checkRefreshed(claims: IdTokenClaims, sub: string, former: string | undefined): void {
  if (claims.sub !== sub) {
    const detail = 'refreshed ID token has another subject'
    throw new PosternError('POSTERN_GRANT_REFUSED', detail, { isSubjectChange: true })
  }
  if (former === undefined) return
  const before = decodeJwt(former)
  for (const name of ['auth_time', 'nonce', 'azp']) {
    const isChanged =
      claims[name] !== undefined && before[name] !== undefined && claims[name] !== before[name]
    if (isChanged) throw invalid(`the refreshed ID token has another ${name}`)
  }
}

function checkType(typ: string | undefined): void {
  if (typ !== undefined && !/^(?:application\/)?jwt$/i.test(typ))
    throw invalid('the ID token is of another type')
}

function checkAuthorizedParty(claims: JWTPayload, clientId: string): void {
  if (claims['azp'] !== undefined && claims['azp'] !== clientId)
    throw invalid('the ID token is for another party')
}

function checkAccessTokenHash(expected: unknown, accessToken: string, algorithm: string): void {
  if (expected === undefined) return
  // EdDSA hashes with SHA-512 for Ed25519; the other names end in the size of their hash.
  const size = algorithm.startsWith('Ed') ? '512' : algorithm.slice(-3)
  const digest = createHash(`sha${size}`).update(accessToken).digest()
  const half = digest.subarray(0, digest.length / 2).toString('base64url')
  if (expected !== half) throw invalid('the at_hash of the ID token is not that of the access token')
}

function invalid(detail: string): PosternError {
  return new PosternError('POSTERN_PROVIDER_INVALID', detail)
}
