import type { Claims } from './session.ts'

/** A bearer token that was verified, as one caller of a request. Immutable. */
export type BearerToken = Readonly<{
  /** The token as it came; sent on as it is. */
  token: string
  /** Absent for tokens that speak for a client only: such a caller has no name that an upstream could take for a user's. */
  sub?: string
  claims: Claims
  scopes: readonly string[]
  /** Whom the token is for (RFC 7519 section 4.1.3), as far as its issuer may say so. Never empty. */
  audiences: readonly string[]
  /** Epoch seconds. */
  expiresAt: number
}>

/** Why a bearer token does not count. */
export type TokenFault =
  | 'token-malformed'
  | 'token-issuer-unknown'
  | 'token-algorithm-refused'
  | 'token-type-wrong'
  | 'token-key-unknown'
  | 'token-signature-invalid'
  | 'token-claims-invalid'
  | 'token-expired'
  | 'token-not-yet-valid'
  | 'token-audience-wrong'
  | 'token-inactive'

/** What became of a token: verified, refused for good, or not to be judged right now (`retryAfter` in seconds). */
export type BearerOutcome =
  | Readonly<{ kind: 'verified'; bearer: BearerToken }>
  | Readonly<{ kind: 'refused'; fault: TokenFault }>
  | Readonly<{ kind: 'unavailable'; retryAfter: number }>

/** What the caller is told of a fault: enough to mend it, nothing about keys or configuration (RFC 6750 section 3.1). */
export const faultDescriptions: Readonly<Record<TokenFault, string>> = Object.freeze({
  'token-malformed': 'The token is not in a form that is accepted here',
  'token-issuer-unknown': 'The issuer of the token is not trusted here',
  'token-algorithm-refused': 'The signature algorithm of the token is not accepted',
  'token-type-wrong': 'The token is not an access token',
  'token-key-unknown': 'The key that signed the token is not one of its issuer',
  'token-signature-invalid': 'The signature of the token is not valid',
  'token-claims-invalid': 'A claim of the token is missing or not valid',
  'token-expired': 'The token has expired',
  'token-not-yet-valid': 'The token is not valid yet',
  'token-audience-wrong': 'The token is for another audience',
  'token-inactive': 'The token is not active',
})
