import { PosternError } from '../core/errors.ts'
import type { LoginState } from '../core/login-state.ts'
import type { ProviderMetadata } from './metadata.ts'
import { authorizationError } from './provider-errors.ts'

/**
 * Reads an authorization response before anything is spent on it, and gives the callback URL with the parameters that count:
 * `code`, `state` and `iss`, each at most once. `hasIssuer` is false for plain OAuth 2.0, where an `iss` cannot be compared.
 * Throws POSTERN_LOGIN_FAILED; for an error response that belongs to this login, what `authorizationError` says.
 * @see RFC 6749 sections 3.1, 4.1.2 and 10.12, RFC 9207 section 2.4
 */
export function readCallback(
  url: URL,
  login: LoginState,
  metadata: ProviderMetadata,
  hasIssuer: boolean,
): URL {
  const state = single(url, 'state')
  if (state === undefined || state !== login.state) throw failed('the state is not the one of this login')
  const iss = single(url, 'iss')
  if (hasIssuer) checkIssuer(iss, metadata)
  const error = single(url, 'error')
  const code = single(url, 'code')
  if (error !== undefined && code !== undefined) throw failed('the callback has both a code and an error')
  if (error !== undefined) throw authorizationError(error)
  if (!code) throw failed('the callback has no code')
  const clean = new URL(url)
  clean.hash = ''
  const parameters = { code, state, ...(hasIssuer && iss !== undefined && { iss }) }
  clean.search = new URLSearchParams(parameters).toString()
  return clean
}

function checkIssuer(iss: string | undefined, metadata: ProviderMetadata): void {
  if (iss === undefined && metadata.authorization_response_iss_parameter_supported) {
    throw failed('the callback lacks the iss that the provider promises')
  }
  if (iss !== undefined && iss !== metadata.issuer) throw failed('the iss of the callback is another issuer')
}

function single(url: URL, name: string): string | undefined {
  const values = url.searchParams.getAll(name)
  if (values.length > 1) throw failed(`the callback has more than one ${name}`)
  return values[0]
}

function failed(detail: string): PosternError {
  return new PosternError('POSTERN_LOGIN_FAILED', detail)
}
