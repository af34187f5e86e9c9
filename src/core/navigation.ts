/** Header names in lower case, as Node gives them. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

type IsOwnOrigin = (origin: string) => boolean

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/** Tells whether the method only fetches: GET or HEAD. */
export function isRetrieval(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** Tells whether a browser is going to a page, so that a login may begin: it can come back to a GET or HEAD only. */
export function isNavigation(method: string, headers: Headers): boolean {
  return isRetrieval(method) && isForPerson(headers)
}

/**
 * Tells whether a person will see the answer, a form's POST included. Fetch Metadata decides where it is sent; without it,
 * a request that accepts text/html and is not marked by X-Requested-With.
 */
export function isForPerson(headers: Headers): boolean {
  const { accept = '', 'sec-fetch-mode': mode, 'x-requested-with': script } = headers
  return mode === undefined ? script === undefined && acceptsHtml(String(accept)) : mode === 'navigate'
}

function acceptsHtml(accept: string): boolean {
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    return type === 'text/html' && !parameters.some((parameter) => /^q\s*=\s*0?(?:\.0*)?$/.test(parameter))
  })
}

/**
 * Tells whether a script of another origin waits for what it fetches with GET or HEAD: a page view has no Origin then.
 * @see Fetch Standard section 3.2 ("append a request Origin header")
 */
export function isCrossOriginFetch({ origin, 'sec-fetch-mode': mode }: Headers): boolean {
  return origin !== undefined && mode !== 'navigate'
}

/**
 * Tells whether a page of another origin made a browser send this unsafe request. `isOwnOrigin` is asked about Origin
 * and knows the allowed origins too; what it accepts passes. An Origin of `null` is what our own pages send under
 * `Referrer-Policy: no-referrer`, so there Sec-Fetch-Site decides. With neither header it is no browser's.
 * @see Fetch Standard section 3.2, Fetch Metadata Request Headers section 2.4
 */
export function isCrossSite(method: string, headers: Headers, isOwnOrigin: IsOwnOrigin): boolean {
  if (safeMethods.has(method)) return false
  const { origin, 'sec-fetch-site': site } = headers
  if (origin === undefined) return site === 'cross-site' || site === 'same-site'
  if (origin === 'null' && site === 'same-origin') return false
  return !isOwnOrigin(String(origin))
}

/**
 * Tells whether a WebSocket handshake that relies on a session cookie must be refused: its Origin is not ours or, since
 * every browser sends one (RFC 6455 section 4.1), it has none. Clients that are not browsers can send ours.
 */
export function isForeignUpgrade(headers: Headers, isOwnOrigin: IsOwnOrigin): boolean {
  const { origin } = headers
  return origin === undefined || !isOwnOrigin(String(origin))
}
