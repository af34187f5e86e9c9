/** Which headers, or which address, tell an auth endpoint about the request that is asked about. */
export type OriginalSource = 'nginx' | 'ingress-nginx' | 'forwarded' | 'path'

/** The request that another proxy asks about, as that proxy wrote it; nothing of it is judged yet. */
export type OriginalRequest = Readonly<{
  /** Undefined where the proxy does not tell. */
  method: string | undefined
  scheme: 'http' | 'https' | undefined
  host: string
  /** Path and query. */
  target: string
}>

/** What is wrong with a check; the names double as log reasons. */
export type OriginalProblem =
  | 'original-missing'
  | 'original-repeated'
  | 'original-conflict'
  | 'original-invalid'

/** The check itself, as it came: `target` is what stands behind the path of the endpoint. */
export type Check = Readonly<{ method: string; target: string; rawHeaders: readonly string[] }>

const names = [
  ...(['host', 'x-forwarded-method', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-uri'] as const),
  ...(['x-original-method', 'x-original-url', 'x-original-uri'] as const),
] as const

type Name = (typeof names)[number]
type Told = Record<Name, string | undefined>

const lengths: ReadonlySet<number> = new Set(names.map(({ length }) => length))
/** As proxies write them. */
const spelled: ReadonlyMap<string, Name> = new Map(
  names.flatMap((name) => [
    [name, name],
    [name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()), name],
  ]),
)

/**
 * Reads the original request out of a check: from one source only, each value exactly once. Whatever else speaks of the
 * original request must say the same, for it may be what the client sent, and another reader may believe it.
 */
export function readOriginal(source: OriginalSource, check: Check): OriginalRequest | OriginalProblem {
  const told = collect(check.rawHeaders)
  if (typeof told === 'string') return told
  const original = readers[source](told, check)
  if (typeof original === 'string') return original
  if (original.method !== undefined && !/^[A-Z][A-Z-]{0,31}$/.test(original.method)) return 'original-invalid'
  return agrees(told, original) ? original : 'original-conflict'
}

/** The values of all names that matter; servers that map headers to variables cannot tell `_` from `-`. */
function collect(rawHeaders: readonly string[]): Told | OriginalProblem {
  const told: Told = {
    // All of them, so that every check has an object of the same shape (measured with what follows: 10 % of a check).
    host: undefined,
    'x-forwarded-method': undefined,
    'x-forwarded-proto': undefined,
    'x-forwarded-host': undefined,
    'x-forwarded-uri': undefined,
    'x-original-method': undefined,
    'x-original-url': undefined,
    'x-original-uri': undefined,
  }
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const written = rawHeaders[index] as string
    if (!mayMatter(written)) continue
    const name = spelled.get(written) ?? nameOf(written)
    if (name === undefined) continue
    if (name === 'underscored') return 'original-conflict'
    if (told[name] !== undefined) return 'original-repeated'
    told[name] = rawHeaders[index + 1] as string
  }
  return told
}

/** Told apart before anything is looked up: this runs for every header, and all names begin with an h or an x. */
function mayMatter(written: string): boolean {
  const first = written.charCodeAt(0) | 0x20
  return (first === 0x68 || first === 0x78) && lengths.has(written.length)
}

/** The name that another spelling is one of. */
function nameOf(written: string): Name | 'underscored' | undefined {
  const name = written.toLowerCase()
  const isUnderscored = name.includes('_') && spelled.has(name.replaceAll('_', '-'))
  return isUnderscored ? 'underscored' : spelled.get(name)
}

type Reader = (told: Told, check: Check) => OriginalRequest | OriginalProblem

const readers: Readonly<Record<OriginalSource, Reader>> = {
  nginx: (told) => {
    const { host, 'x-forwarded-uri': target, 'x-forwarded-method': method } = told
    const scheme = schemeOf(told['x-forwarded-proto'])
    if (host === undefined || target === undefined) return 'original-missing'
    return scheme === null ? 'original-invalid' : { method, scheme, host, target }
  },

  'ingress-nginx': ({ 'x-original-url': url, 'x-original-method': method }) => {
    if (url === undefined || method === undefined) return 'original-missing'
    const [, scheme, host, target] = /^(https?):\/\/([^/?#]+)(\/.*)$/s.exec(url) ?? []
    if (host === undefined || target === undefined) return 'original-invalid'
    return { method, scheme: scheme as 'http' | 'https', host, target }
  },

  forwarded: (told) => {
    const { 'x-forwarded-host': host, 'x-forwarded-uri': target, 'x-forwarded-method': method } = told
    const proto = told['x-forwarded-proto']
    if (!host || !target || !method || !proto) return 'original-missing'
    const scheme = schemeOf(proto)
    return scheme === null ? 'original-invalid' : { method, scheme, host, target }
  },

  path: (told, { method, target }) => {
    const { host } = told
    const scheme = schemeOf(told['x-forwarded-proto'])
    if (host === undefined || target === '') return 'original-missing'
    return scheme === null ? 'original-invalid' : { method, scheme, host, target }
  },
}

/** The scheme of a WebSocket is told by some as such; null for what is no scheme. */
function schemeOf(proto: string | undefined): 'http' | 'https' | undefined | null {
  switch (proto) {
    case undefined:
      return undefined
    case 'http':
    case 'ws':
      return 'http'
    case 'https':
    case 'wss':
      return 'https'
    default:
      return null
  }
}

function agrees(told: Told, { method, host, target }: OriginalRequest): boolean {
  return (
    // Of a method that is unknown the strictest is assumed: nothing that is said about it can make that weaker.
    (method === undefined ||
      (isSaid(told['x-forwarded-method'], method) && isSaid(told['x-original-method'], method))) &&
    isSaid(told['x-forwarded-uri'], target) &&
    isSaid(told['x-original-uri'], target) &&
    isSaid(targetOf(told['x-original-url'], host), target) &&
    isSaid(told['x-forwarded-host']?.toLowerCase(), host.toLowerCase())
  )
}

function isSaid(said: string | undefined, value: string): boolean {
  return said === undefined || said === value
}

/** The path of an address, if it is one of this host; some write the path alone. */
function targetOf(url: string | undefined, host: string): string | undefined {
  const address = url?.replace(/^https?:\/\//, '')
  return address?.startsWith(host) ? address.slice(host.length) : address
}
