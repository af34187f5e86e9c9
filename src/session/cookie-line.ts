/** What is the same for all our cookies; `domain` only where several hosts share one session. */
export type CookieAttributes = Readonly<{
  isSecure: boolean
  sameSite: 'lax' | 'strict' | 'none'
  domain?: string | undefined
}>

/** Writes Set-Cookie lines with one set of attributes. */
export type CookieLines = Readonly<{
  /** @param maxAge seconds; fractions are rounded up, less than nothing is 0. */
  set(name: string, value: string, maxAge: number): string
  /** Deletes a cookie; the attributes are repeated, or browsers would ignore the line. */
  clear(name: string): string
}>

/** What browsers keep of a cookie: name, value and attributes together (RFC 6265 section 6.1). */
export const maxCookieBytes = 4096

const sameSiteWords = { lax: 'Lax', strict: 'Strict', none: 'None' }

/**
 * Makes a writer of Set-Cookie lines: Path=/, HttpOnly, SameSite, and Secure and Domain as given.
 * Written by hand because `serialize` of @fastify/cookie works only in an instance that has loaded the plugin.
 */
export function createCookieLines(attributes: CookieAttributes): CookieLines {
  const secure = attributes.isSecure ? '; Secure' : ''
  const domain = attributes.domain === undefined ? '' : `; Domain=${attributes.domain}`
  const tail = `; Path=/; HttpOnly${secure}; SameSite=${sameSiteWords[attributes.sameSite]}${domain}`

  return Object.freeze({
    set: (name: string, value: string, maxAge: number) =>
      `${name}=${value}; Max-Age=${Math.max(0, Math.ceil(maxAge))}${tail}`,
    clear: (name: string) => `${name}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT${tail}`,
  })
}
