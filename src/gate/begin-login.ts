import { type AuthorizationWish, type KnownWishes, keepingGains } from '../core/authorization-wish.ts'
import { PosternError } from '../core/errors.ts'
import type { LoginState } from '../core/login-state.ts'
import type { Session } from '../core/session.ts'
import type { Site } from './site.ts'

/** What beginning a login takes from the provider. */
type LoginProvider = Readonly<{
  newLogin(): Pick<LoginState, 'state' | 'nonce' | 'codeVerifier'>
  authorizationUrl(login: LoginState, redirectUri: string): Promise<string>
}>

/** A login that was begun: where to send the browser, and with which Set-Cookie lines. */
export type BegunLogin = Readonly<{ location: string; cookies: readonly string[] }>

/** What a login is begun for. */
export type LoginPurpose = Readonly<{
  /** The address of whoever asked, as far as trusted proxies tell; empty where it is not known. */
  client: string
  /** An absolute URL of ours. */
  returnTo: string
  /** A login that failed is begun again. */
  isRetry?: boolean
  /** What is asked for beside the usual. */
  wish?: AuthorizationWish | undefined
  /** The session that it will replace. */
  session?: Session | undefined
}>

/**
 * Begins a login of a browser at the provider.
 * @throws {PosternError} POSTERN_PROVIDER_UNREACHABLE while the provider is not known, POSTERN_TOO_MANY_LOGINS for a client
 * that has to wait
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
export function createBeginLogin(options: {
  provider: LoginProvider
  clock: () => number
  /** What rules may make a login ask for. */
  wishes: KnownWishes
  /** Counts one more login of a client, and says how many seconds it has to wait if there are too many. */
  countLogin: (client: string) => number | undefined
}): BeginLogin {
  const { provider, clock, wishes, countLogin } = options
  return async (site, cookieHeader, { client, returnTo, isRetry = false, session, ...purpose }) => {
    const retryAfter = countLogin(client)
    if (retryAfter !== undefined) {
      throw new PosternError('POSTERN_TOO_MANY_LOGINS', 'one client began too many logins', { retryAfter })
    }
    const now = clock()
    const wish = session === undefined ? purpose.wish : keepingGains(purpose.wish, session, wishes, now)
    const fresh = provider.newLogin()
    const state = isRetry ? fresh.state + retryMark : fresh.state
    const login: LoginState = { ...fresh, state, returnTo, createdAt: now, ...(wish && { wish }) }
    const location = await provider.authorizationUrl(login, site.callbackUrl)
    return { location, cookies: site.cookies.logins.issue(login, cookieHeader) }
  }
}
