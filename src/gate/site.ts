import type { LoginCookies } from '../session/login-cookies.ts'
import type { LoopGuard } from '../session/loop-guard.ts'
import type { SessionStore } from '../session/session-store.ts'

/** The cookies of one kind of site: `__Host-`/`__Secure-` ones on https, plain ones on http. */
export type CookieKit = Readonly<{ sessions: SessionStore; logins: LoginCookies; loops: LoopGuard }>

/** One public origin that browsers see, and what belongs to it. */
export type Site = Readonly<{
  /** `https://app.example.com`, no trailing slash. */
  origin: string
  scheme: 'http' | 'https'
  /** The `redirect_uri` of logins that start here. */
  callbackUrl: string
  cookies: CookieKit
}>

/** Finds the site of a request by its host; see `createSites`. */
export type Sites = Readonly<{
  /** The first public origin. */
  primary: Site
  /** The site of a host as `parseHost` gives it (lower-cased, with the port unless it is the default one). */
  of(host: string): Site | undefined
  /** Tells whether an origin is one of ours. */
  isOwnOrigin(origin: string): boolean
}>

type SitesOptions = Readonly<{
  publicUrls: readonly string[]
  prefix: string
  /** `session.cookie.domain`: every host below it shares the sessions of the first public origin. */
  cookieDomain?: string | undefined
  cookiesFor: (scheme: 'http' | 'https') => CookieKit
}>

/** Builds the table of public origins; hosts below the shared cookie domain log in through the first one. */
export function createSites({ publicUrls, prefix, cookieDomain, cookiesFor }: SitesOptions): Sites {
  const byHost = new Map<string, Site>()
  for (const origin of publicUrls) {
    const scheme = schemeOf(origin)
    const callbackUrl = `${origin}${prefix}/callback`
    byHost.set(hostOf(origin), { origin, scheme, callbackUrl, cookies: cookiesFor(scheme) })
  }
  const primary = byHost.get(hostOf(publicUrls[0] as string)) as Site
  return { primary, of, isOwnOrigin }

  function of(host: string): Site | undefined {
    return byHost.get(host) ?? sharedSite(host)
  }

  function sharedSite(host: string): Site | undefined {
    if (cookieDomain === undefined || !isWithin(host, cookieDomain)) return undefined
    return { ...primary, origin: `${primary.scheme}://${host}` }
  }

  function isOwnOrigin(origin: string): boolean {
    const site = of(hostOf(origin))
    return site !== undefined && site.origin === origin
  }
}

function schemeOf(origin: string): 'http' | 'https' {
  return origin.startsWith('https:') ? 'https' : 'http'
}

function hostOf(origin: string): string {
  return origin.slice(origin.indexOf('//') + 2)
}

/** True sub-domains by label only: `evil-example.com` is not within `example.com`. */
function isWithin(host: string, domain: string): boolean {
  const name = host.replace(/:\d+$/, '')
  return name === domain || name.endsWith(`.${domain}`)
}
