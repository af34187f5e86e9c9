/**
 * Headers that belong to one connection and are never passed on, in either direction; `expect` too, because the
 * gateway answers it itself.
 * @see RFC 9110 section 7.6.1
 */
export const hopByHopHeaders: ReadonlySet<string> = new Set([
  ...['connection', 'expect', 'http2-settings', 'keep-alive', 'proxy-authenticate', 'proxy-authorization'],
  ...['proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
])

/** Request headers by which upstreams believe who is calling, or what was called; only the gateway may say so. */
export const identityHeaders: ReadonlySet<string> = new Set([
  ...['forwarded', 'x-real-ip', 'x-client-cert', 'x-original-url', 'x-original-uri', 'x-original-method'],
  ...['x-rewrite-url', 'x-http-method-override', 'x-http-method', 'x-method-override'],
  ...['x-user', 'x-user-id', 'x-user-name', 'x-user-email', 'x-user-groups', 'x-user-roles', 'x-username'],
  ...['x-email', 'x-groups', 'x-roles', 'x-userinfo', 'x-id-token', 'x-auth-user', 'x-auth-userid'],
  ...['x-auth-user-id', 'x-auth-username', 'x-auth-name', 'x-auth-email', 'x-auth-groups', 'x-auth-roles'],
  ...['x-goog-iap-jwt-assertion', 'ssl-client-cert', 'ssl-client-verify', 'x-ssl-client-cert'],
])

// Families of the same: what this and comparable gateways, and the servers behind them, use.
const identityFamily =
  /^(?:x-(?:forwarded|auth-request|remote|envoy|authenticated|authentik|pomerium|webauth|amzn-oidc|ms-client-principal|goog-authenticated-user)(?:-|$)|remote-(?:user|email|groups|name)$|oidc-|cf-access-)/

/** Name and value pairs of headers whose names and values alternate; order, case and repetitions stay. */
export function headerPairs(flat: readonly string[]): (readonly [name: string, value: string])[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] as string, flat[2 * i + 1] as string])
}

/** Header names as servers that map them to variables see them: lower case, everything but letters and digits a `-`. */
export function foldHeaderName(name: string): string {
  return name.toLowerCase().replace(/[^a-z\d]/g, '-')
}

/**
 * Tells whether a request header of the client stops here: it is hop-by-hop, speaks for the gateway in any spelling
 * (`X_Forwarded_User`), or is named in `extra`, whose names are folded.
 */
export function isStrippedRequestHeader(name: string, extra: ReadonlySet<string>): boolean {
  const folded = /[^a-z\d-]/.test(name) ? foldHeaderName(name) : name
  return (
    hopByHopHeaders.has(folded) ||
    identityHeaders.has(folded) ||
    extra.has(folded) ||
    identityFamily.test(folded)
  )
}

/**
 * Tells whether a client sent one of these names in a spelling that servers may take for it: `X_User` for `X-User`. What is
 * set under the name itself does not overwrite that.
 * @param names folded
 */
export function hasDisguised(rawHeaders: readonly string[], names: ReadonlySet<string>): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (/[^a-z\d-]/i.test(name) && names.has(foldHeaderName(name))) return true
  }
  return false
}

// Naming these in Connection would unframe the request or undo what the gateway decided about them.
const neverOptions: ReadonlySet<string> = new Set([
  'authorization',
  'content-length',
  'cookie',
  'host',
  'set-cookie',
])
const noTokens: readonly string[] = Object.freeze([])

/** The header names, in lower case, that a Connection header declares hop-by-hop, save those that cannot be. */
export function connectionTokens(value: string | undefined): readonly string[] {
  if (value === undefined || value === 'keep-alive' || value === 'close') return noTokens
  return value
    .split(',')
    .map((option) =>
      option
        .replace(/;.*$/, '')
        .replace(/["\s]+/g, '')
        .toLowerCase(),
    )
    .filter((token) => token !== '' && !neverOptions.has(token))
}

const maxValueBytes = 8000
const utf8 = new TextEncoder()

/**
 * A claim as the value of an identity header: UTF-8 bytes, one character each, as Node writes them. Lists are joined
 * with commas, `%` and `,` inside an item percent-encoded. Undefined for objects, for more than 8,000 bytes, and for
 * what would arrive as something else: control characters, broken UTF-16, blanks at the ends.
 */
export function headerValue(claim: unknown): string | undefined {
  const text = Array.isArray(claim) ? listText(claim) : scalarText(claim)
  if (text === undefined) return undefined
  const bytes = isAscii(text) ? text : String.fromCharCode(...utf8.encode(text.slice(0, maxValueBytes + 1)))
  return bytes.length > maxValueBytes ? undefined : bytes
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text)
}

function scalarText(claim: unknown): string | undefined {
  if (typeof claim === 'boolean' || Number.isFinite(claim)) return String(claim)
  return typeof claim === 'string' && !/[\p{Cc}\p{Cs}]|^\s|\s$/u.test(claim) ? claim : undefined
}

function listText(items: readonly unknown[]): string | undefined {
  const texts: string[] = []
  for (const item of items) {
    const text = scalarText(item)
    if (text === undefined) return undefined
    texts.push(text.replace(/[%,]/g, (char) => (char === '%' ? '%25' : '%2C')))
  }
  return texts.join(',')
}

/**
 * What Cache-Control becomes on the answer of a protected path, so that no shared cache keeps it.
 * @see RFC 9111 section 5.2.2
 */
export function privateCacheControl(upstreamValue: string | undefined): string {
  const directives = (upstreamValue?.match(/(?:[^,"]|"[^"]*"?)+/g) ?? [])
    .map((part) => part.trim())
    .filter(Boolean)
  const kept = directives.filter((directive) => !/^(?:public|s-maxage)\s*(?:=|$)/i.test(directive))
  if (kept.length === 0) return 'private, no-store'
  if (!kept.some((directive) => /^(?:private|no-store)$/i.test(directive)))
    return ['private', ...kept].join(', ')
  return kept.length === directives.length ? (upstreamValue as string) : kept.join(', ')
}
