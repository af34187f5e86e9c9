import * as client from 'openid-client'
import { type ErrorCode, PosternError } from '../core/errors.ts'

/** What was being asked when something failed: the same answer means different things for a code and for a refresh token. */
export type Operation =
  | 'discovery'
  | 'exchange'
  | 'refresh'
  | 'userinfo'
  | 'revocation'
  | 'introspection'
  | 'keys'

/** Requests that carry our client authentication, so that a bare 401 is about us. */
const authenticated = new Set<Operation>(['exchange', 'refresh', 'revocation', 'introspection'])

/** Our registration or configuration is wrong: RFC 6749 sections 4.1.2.1 and 5.2, RFC 8707 section 2, GitHub's own. */
const clientErrors = new Set([
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'incorrect_client_credentials',
  'redirect_uri_mismatch',
])

/** The code or refresh token is no longer good: RFC 6749 section 5.2, GitHub's own. */
const grantErrors = new Set(['invalid_grant', 'bad_verification_code', 'bad_refresh_token'])

/** The provider has a problem of its own (RFC 6749 section 4.1.2.1). */
const serverErrors = new Set(['server_error', 'temporarily_unavailable'])

/** The person, or the provider's rules about the person, said no: RFC 6749 section 4.1.2.1, OpenID Connect Core 1.0 section 3.1.2.6, RFC 9470 section 5. */
const userErrors = new Set([
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
  'unmet_authentication_requirements',
])

/** Errors before any byte of a request left: the provider cannot have processed it. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** The failure of a request that got no complete answer; only the code of the network error is told. */
export function unreachable(error: unknown, isPost: boolean): PosternError {
  const { name, cause } = error as Error
  if (name === 'TimeoutError') {
    return new PosternError('POSTERN_PROVIDER_UNREACHABLE', 'did not answer in time', { isAmbiguous: isPost })
  }
  const code = String((cause as { code?: unknown } | undefined)?.code ?? 'connection failed')
  const isAmbiguous = isPost && !neverSent.has(code)
  return new PosternError('POSTERN_PROVIDER_UNREACHABLE', `cannot be reached: ${code}`, { isAmbiguous })
}

/**
 * Turns whatever openid-client or jose threw into a PosternError; the only place that knows their error classes.
 * Neither their values nor their causes are kept: those hold response bodies, claims and tokens.
 */
export function translate(error: unknown, operation: Operation): PosternError {
  if (error instanceof PosternError) return error
  const cause = (error as Error).cause
  if (cause instanceof PosternError) return cause
  if (error instanceof client.ResponseBodyError) return fromErrorCode(error.error, operation)
  const response = error instanceof client.WWWAuthenticateChallengeError ? error.response : cause
  if (response instanceof Response) return fromStatus(response.status, operation)
  return new PosternError('POSTERN_PROVIDER_INVALID', `${operation}: ${describe(error, cause)}`)
}

/** Tells whether the server has no such request for tokens of this kind, such as JWTs that live to their end (RFC 7009 section 2.2.1). */
export function isUnsupportedTokenType(error: unknown): boolean {
  return error instanceof client.ResponseBodyError && error.error === 'unsupported_token_type'
}

/** The failure that an error response of the authorization endpoint stands for; unknown codes are not repeated. */
export function authorizationError(code: string): PosternError {
  if (clientErrors.has(code)) return new PosternError('POSTERN_CLIENT_REFUSED', code)
  if (serverErrors.has(code)) return new PosternError('POSTERN_PROVIDER_UNREACHABLE', code)
  return new PosternError('POSTERN_LOGIN_DENIED', userErrors.has(code) ? code : 'unknown error')
}

function fromErrorCode(code: string, operation: Operation): PosternError {
  if (clientErrors.has(code)) return new PosternError('POSTERN_CLIENT_REFUSED', `${operation}: ${code}`)
  if (serverErrors.has(code)) return new PosternError('POSTERN_PROVIDER_UNREACHABLE', `${operation}: ${code}`)
  const isKnown = grantErrors.has(code) || userErrors.has(code)
  const detail = `${operation}: ${isKnown ? code : 'unknown error'}`
  if (operation === 'exchange') return new PosternError('POSTERN_LOGIN_FAILED', detail)
  const isRefused = operation === 'refresh' && grantErrors.has(code)
  return new PosternError(isRefused ? 'POSTERN_GRANT_REFUSED' : 'POSTERN_PROVIDER_INVALID', detail)
}

function fromStatus(status: number, operation: Operation): PosternError {
  const isClientRefused = status === 401 && authenticated.has(operation)
  const code: ErrorCode = isClientRefused ? 'POSTERN_CLIENT_REFUSED' : 'POSTERN_PROVIDER_INVALID'
  return new PosternError(code, `${operation}: unexpected answer with status ${status}`)
}

/** The libraries' messages are fixed sentences; only those of errors with a code of theirs are repeated. */
function describe(error: unknown, cause: unknown): string {
  const coded = [error, cause].filter(
    (item): item is Error =>
      item instanceof Error && /^(OAUTH|ERR_J)/.test(String((item as { code?: unknown }).code)),
  )
  return coded.map(({ message }) => message).join(': ') || 'the answer cannot be processed'
}
