/** What is known about a login whose cookie did not come back. */
export type CookieFacts = Readonly<{
  /** The configured public origin the login was meant for. */
  publicUrl: string
  /** The Host this request came with. */
  host: string
  /** `http` or `https`, as the browser saw it, as far as we can tell. */
  scheme: string
  /** Length of the Cookie header, in bytes; 0 when there was none. */
  cookieBytes: number
  sameSite: 'lax' | 'strict' | 'none'
  domain?: string
  /** Only where a proxy sends people here that asks about requests: the browser has a session, and shows it here. */
  hasSession?: boolean
}>

/** Why a login cookie may not have come back. */
export type CookieCause =
  | 'check-without-cookie'
  | 'secure-over-http'
  | 'other-host'
  | 'domain'
  | 'too-many-cookies'
  | 'same-site'
  | 'set-cookie-dropped'
  | 'no-cookies-at-all'
  | 'clock-or-age'

/** The causes that fit the facts, likeliest first; never empty, for age and clock can never be excluded. */
export function cookieCauses(facts: CookieFacts): readonly CookieCause[] {
  const wanted = new URL(facts.publicUrl)
  const fits: Readonly<Record<CookieCause, boolean>> = {
    'check-without-cookie': facts.hasSession === true,
    'secure-over-http': wanted.protocol === 'https:' && facts.scheme === 'http',
    'other-host': facts.host.toLowerCase() !== wanted.host,
    domain: facts.domain !== undefined && !isWithin(wanted.hostname, facts.domain),
    'same-site': facts.sameSite === 'strict',
    'set-cookie-dropped': facts.hasSession === false,
    'too-many-cookies': facts.cookieBytes > 4096,
    'no-cookies-at-all': facts.cookieBytes === 0,
    'clock-or-age': true,
  }
  return (Object.keys(fits) as CookieCause[]).filter((cause) => fits[cause])
}

/** RFC 6265 section 5.1.3. */
function isWithin(host: string, domain: string): boolean {
  const suffix = domain.replace(/^\./, '').toLowerCase()
  return host === suffix || host.endsWith(`.${suffix}`)
}
