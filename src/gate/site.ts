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
  /** Where logins for it begin and end: itself, or the first public origin where the session is shared with that. */
  loginOrigin: string
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
  /** Tells whether people may be sent to an origin after signing in or out: ours, and those that are allowed by name. */
  isReturnOrigin(origin: string): boolean
}>

type SitesOptions = Readonly<{
  publicUrls: readonly string[]
  prefix: string
  /** `session.cookie.domain`: every host below it shares the sessions of the first public origin. */
  cookieDomain?: string | undefined
  /** `redirect.allowed_hosts`: exact, or `*.example.com`, each with its port unless that is the scheme's own. */
  allowedHosts?: readonly string[] | undefined
  cookiesFor: (scheme: 'http' | 'https') => CookieKit
}>

/** Builds the table of public origins; hosts below the shared cookie domain log in through the first one. */
export function createSites(options: SitesOptions): Sites {
  const { publicUrls, prefix, cookieDomain, allowedHosts = [], cookiesFor } = options
  const byHost = new Map<string, Site>()
  for (const origin of publicUrls) {
    const scheme = schemeOf(origin)
    const callbackUrl = `${origin}${prefix}/callback`
    byHost.set(hostOf(origin), {
      origin,
      scheme,
      loginOrigin: origin,
      callbackUrl,
      cookies: cookiesFor(scheme),
    })
  }
  const primary = byHost.get(hostOf(publicUrls[0] as string)) as Site
  // Origins do not tell the port that goes without saying.
  const allowed = allowedHosts.map((host) => host.replace(primary.scheme === 'https' ? /:443$/ : /:80$/, ''))
  return { primary, of, isOwnOrigin, isReturnOrigin }

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

  function isReturnOrigin(origin: string): boolean {
    if (isOwnOrigin(origin)) return true
    return schemeOf(origin) === primary.scheme && allowed.some((host) => isNamed(hostOf(origin), host))
  }
}

/** A wildcard stands for one label or more, and never for none. */
function isNamed(host: string, pattern: string): boolean {
  return pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
    : host === pattern
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
