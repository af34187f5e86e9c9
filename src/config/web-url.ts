import { checked, parsed } from './text.ts'

/** An origin as browsers see it, like `https://app.example.com`; a trailing slash is dropped. */
export const origin = parsed(
  'must be an origin like https://app.example.com, with nothing after the host',
  (text) => {
    const url = parseWebUrl(text)
    return url && /^https?:\/\/[^/?#]+\/?$/i.test(text) ? url.origin : undefined
  },
)

/** The issuer identifier, kept letter by letter since it is compared so (OpenID Connect Discovery 1.0 section 3). */
export const issuer = checked(
  'must be a URL like https://login.example.com, without user, query or fragment',
  (text) => parseWebUrl(text) !== undefined && !/[?#]/.test(text),
)

/** An endpoint of the provider, kept as written; it may have a query (RFC 6749 section 3.1). */
export const endpoint = checked(
  'must be a URL like https://login.example.com/token, without user or fragment',
  (text) => parseWebUrl(text) !== undefined && !text.includes('#'),
)

/** Parses an http(s) URL that says plainly where it leads: no user, no wildcard, nothing the parser would repair. */
export function parseWebUrl(text: string): URL | undefined {
  if (!/^https?:\/\/[^\s\\@/][^\s\\@]*$/i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return /^(?:[\w.-]+|\[[\da-f:]+\])$/.test(url.hostname) ? url : undefined
}

/** Tells whether a URL sends what it carries unencrypted over a network: http to a host other than this one. */
export function isExposed(text: string): boolean {
  return new URL(text).protocol === 'http:' && !isLoopback(text)
}

/** Tells whether the host of a URL is this machine by its very name. */
export function isLoopback(text: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(text).hostname)
}

/** What to do about a URL that is exposed. */
export const exposedMessage =
  'must begin with https:// unless the host is loopback; for tests only, "dangerously_allow_http: true" lifts this'
