import type { Config } from './config/schema.ts'
import type { SessionLimits } from './core/session.ts'
import type { CookieAttributes } from './session/cookie-line.ts'
import { cookieName } from './session/cookie-name.ts'

type Section = Config['session']

/** How long sessions of this configuration live. */
export function sessionLimits({
  absolute_lifetime: absoluteMs,
  idle_timeout: idleMs,
}: Section): SessionLimits {
  return { absolute: absoluteMs / 1000, ...(idleMs !== 'none' && { idle: idleMs / 1000 }) }
}

/** The full name and the attributes of the session cookie on one kind of site. */
export function sessionCookie(
  { cookie }: Section,
  scheme: 'http' | 'https',
): Readonly<{ name: string; attributes: CookieAttributes }> {
  const { name, domain, same_site: sameSite } = cookie
  const isSecure = scheme === 'https'
  return { name: cookieName({ name, isSecure, domain }), attributes: { isSecure, sameSite, domain } }
}
