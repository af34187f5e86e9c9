import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { TokenFault } from '../core/bearer-token.ts'
import { PosternError } from '../core/errors.ts'
import type { Claims } from '../core/session.ts'
import { isObject } from '../provider/json-document.ts'
import type { SigningKeys } from '../provider/signing-keys.ts'
import type { IssuerConfig } from './bearer-config.ts'
import { isAccessToken } from './token-kind.ts'
import { TokenRefusal } from './token-refusal.ts'

type VerifyOptions = Readonly<{
  config: IssuerConfig
  keys: SigningKeys
  ownClientId: string | undefined
  /** Seconds. */
  tolerance: number
  /** Epoch seconds. */
  clock: () => number
}>

const compact = /^[\w-]+\.[\w-]+\.[\w-]+$/

/**
 * The claims of a JWT that nobody has verified yet; undefined for anything else. Read as laxly as anybody might: whose token
 * it is must not depend on how it is spelled.
 */
export function unverifiedClaims(token: string): Claims | undefined {
  const [, payload = ''] = token.split('.')
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return isObject(claims) ? claims : undefined
  } catch {
    return undefined
  }
}

/**
 * Makes the verifier of one issuer's JWTs: signature under the configured algorithms, exact issuer, audience, times, kind.
 * Headers that name keys of their own (`jku`, `x5u`, `jwk`) are not looked at. It rejects with a TokenRefusal, or with
 * a PosternError when the keys cannot be had.
 * @see RFC 9068 section 4, RFC 8725
 */
export function createJwtVerifier(
  options: VerifyOptions,
): (token: string) => Promise<JWTPayload & { exp: number }> {
  const { config, keys, ownClientId, tolerance, clock } = options
  return async (token) => {
    if (!compact.test(token) || !token.split('.').every(isCanonical))
      throw new TokenRefusal('token-malformed')
    const { payload, protectedHeader } = await jwtVerify(token, keys.find, {
      issuer: config.issuer,
      audience: [...config.audience],
      algorithms: [...config.algorithms],
      currentDate: new Date(clock() * 1000),
      clockTolerance: tolerance,
      requiredClaims: ['exp'],
    }).catch((error: unknown) => {
      throw refusalFor(error)
    })
    const { exp, iat } = payload
    if (!isWhole(exp) || !(iat === undefined || iat <= clock() + tolerance)) {
      throw new TokenRefusal('token-claims-invalid')
    }
    if (!isAccessToken(protectedHeader.typ, payload, config.type, ownClientId)) {
      throw new TokenRefusal('token-type-wrong')
    }
    return { ...payload, exp }
  }
}

/** Of the spellings that decode to the same bytes, one is the token; the others are somebody's attempt to have it twice. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

function isWhole(exp: number | undefined): exp is number {
  return Number.isSafeInteger(exp)
}

const faults: Readonly<Record<string, TokenFault>> = {
  [errors.JWTExpired.code]: 'token-expired',
  [errors.JOSEAlgNotAllowed.code]: 'token-algorithm-refused',
  [errors.JWKSNoMatchingKey.code]: 'token-key-unknown',
  [errors.JWKSMultipleMatchingKeys.code]: 'token-key-unknown',
  [errors.JWSSignatureVerificationFailed.code]: 'token-signature-invalid',
  [errors.JWTInvalid.code]: 'token-malformed',
  [errors.JWSInvalid.code]: 'token-malformed',
}

/** Whatever the libraries throw about a token is its own fault; only keys that cannot be had are not. */
function refusalFor(error: unknown): TokenRefusal | PosternError {
  if (error instanceof PosternError) return error
  if (error instanceof errors.JWTClaimValidationFailed) return new TokenRefusal(claimFault(error))
  const { code } = error as { code?: string }
  return new TokenRefusal(faults[String(code)] ?? 'token-signature-invalid')
}

function claimFault({ claim, reason }: errors.JWTClaimValidationFailed): TokenFault {
  if (claim === 'aud') return 'token-audience-wrong'
  return claim === 'nbf' && reason === 'check_failed' ? 'token-not-yet-valid' : 'token-claims-invalid'
}
