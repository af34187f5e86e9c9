import type { AuthorizationWish } from '../core/authorization-wish.ts'
import type { LoginState } from '../core/login-state.ts'
import type { Site } from './site.ts'

/** What beginning a login takes from the provider. */
type LoginProvider = Readonly<{
  newLogin(): Pick<LoginState, 'state' | 'nonce' | 'codeVerifier'>
  authorizationUrl(login: LoginState, redirectUri: string): Promise<string>
}>

/** A login that was begun: where to send the browser, and with which Set-Cookie lines. */
export type BegunLogin = Readonly<{ location: string; cookies: readonly string[] }>

/** What a login is begun for: an absolute URL of ours, whether a failed one is begun again, and what else is asked for. */
export type LoginPurpose = Readonly<{
  returnTo: string
  isRetry?: boolean
  wish?: AuthorizationWish | undefined
}>

/**
 * Begins a login of a browser at the provider.
 * @throws {PosternError} POSTERN_PROVIDER_UNREACHABLE while the provider is not known
 */
export type BeginLogin = (
  site: Site,
  cookieHeader: string | undefined,
  purpose: LoginPurpose,
) => Promise<BegunLogin>

/** Ends the `state` of a login that was begun again: so that it happens once even when no cookie comes back. */
const retryMark = '.again'

/** Tells whether a callback belongs to a login that was already begun again once. */
export function isRetried(state: string): boolean {
  return state.endsWith(retryMark)
}

/** Builds the one place where logins begin (RFC 6749 section 4.1.1, RFC 7636 section 4.3). */
export function createBeginLogin(provider: LoginProvider, clock: () => number): BeginLogin {
  return async (site, cookieHeader, { returnTo, isRetry = false, wish }) => {
    const fresh = provider.newLogin()
    const state = isRetry ? fresh.state + retryMark : fresh.state
    const login: LoginState = { ...fresh, state, returnTo, createdAt: clock(), ...(wish && { wish }) }
    const location = await provider.authorizationUrl(login, site.callbackUrl)
    return { location, cookies: site.cookies.logins.issue(login, cookieHeader) }
  }
}
