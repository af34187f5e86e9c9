import type { TokenEndpointResponse } from 'openid-client'
import { PosternError } from '../core/errors.ts'
import type { Tokens } from '../core/session.ts'

/** No access token is believed to live longer than this, in seconds: a year. */
const maxLifetime = 365 * 24 * 3600

/**
 * The tokens of a token answer that openid-client has checked; what a refresh leaves out is taken from `previous`.
 * Only Bearer tokens are accepted, and only of visible ASCII characters, so that one can never break a header apart.
 * Throws POSTERN_PROVIDER_INVALID. @see RFC 6749 sections 5.1, 6 and 7.1, RFC 6750 section 2.1
 */
export function readTokens(answer: TokenEndpointResponse, now: number, previous?: Tokens): Tokens {
  if (answer.token_type !== 'bearer') throw invalid('the token type is not Bearer')
  if (!/^[\x21-\x7e]+$/.test(answer.access_token))
    throw invalid('the access token has characters that no token may have')
  const refreshToken = answer.refresh_token ?? previous?.refreshToken
  const idToken = answer.id_token ?? previous?.idToken
  return Object.freeze({
    accessToken: answer.access_token,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(idToken !== undefined && { idToken }),
    obtainedAt: now,
    ...(answer.expires_in !== undefined && {
      expiresAt: now + Math.min(Math.floor(answer.expires_in), maxLifetime),
    }),
  })
}

/**
 * The granted scopes: those of the answer, or the ones asked for when it names none (RFC 6749 section 5.1).
 * Plain OAuth 2.0 providers may separate them by commas, as GitHub does.
 */
export function readScopes(
  answer: TokenEndpointResponse,
  asked: readonly string[],
  separator: RegExp,
): readonly string[] {
  const scopes =
    answer.scope === undefined ? asked : answer.scope.split(separator).filter((scope) => scope !== '')
  return Object.freeze([...new Set(scopes)])
}

function invalid(detail: string): PosternError {
  return new PosternError('POSTERN_PROVIDER_INVALID', detail)
}
