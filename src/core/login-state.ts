import type { AuthorizationWish } from './authorization-wish.ts'

/**
 * What one login remembers between the redirect to the provider and the callback; sealed into a cookie of its own.
 * @see RFC 6749 section 10.12, RFC 7636 section 4, OpenID Connect Core 1.0 section 15.5.2
 */
export type LoginState = Readonly<{
  state: string
  nonce: string
  codeVerifier: string
  /** Where to go afterwards: an absolute URL on one of our origins. */
  returnTo: string
  /** Epoch seconds. */
  createdAt: number
  /** What it asks for beside the usual. */
  wish?: AuthorizationWish
}>

/** How long a login may take, in seconds. */
export const loginLifetime = 600

/** How many logins one browser may have under way at once. */
export const maxPendingLogins = 5
