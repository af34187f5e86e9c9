/**
 * The full name of a cookie: with the prefix that makes browsers refuse a copy set by a sibling host or over http.
 * @see RFC 6265bis section 4.1.3
 */
export function cookieName(options: {
  name: string
  isSecure: boolean
  domain?: string | undefined
}): string {
  if (!options.isSecure) return options.name
  return `${options.domain === undefined ? '__Host-' : '__Secure-'}${options.name}`
}

/**
 * Makes the test for cookies that belong to the gateway: `name` and everything that begins with `name.`.
 * Looks past upper and lower case, name prefixes and characters that some parsers drop, because the answer decides
 * what is kept from upstreams and what they may not set.
 */
export function createCookieOwner(name: string): (cookieName: string) => boolean {
  const family = foldName(name)
  return (candidate) => {
    const folded = foldName(candidate)
    return folded === family || folded.startsWith(`${family}.`)
  }
}

function foldName(name: string): string {
  const visible = name.replace(/[^!-~]/g, '').toLowerCase()
  return visible.replace(/^__(?:host-http-|host-|http-|secure-)/, '')
}
