import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'

export type BrowserResponse = Readonly<{
  url: string
  status: number
  headers: IncomingHttpHeaders
  /** Each Set-Cookie line as it came. */
  setCookies: readonly string[]
  body: string
  json: () => unknown
}>

export type RequestInitOf = Readonly<{
  method?: string
  headers?: Readonly<Record<string, string>>
  body?: string | undefined
}>

export type Navigation = RequestInitOf &
  Readonly<{
    /** false: the first answer is wanted. */
    follow?: boolean
    /** A redirect to an address that begins so is not followed; its answer is the result. */
    stopAt?: string
  }>

export type Form = Readonly<{ action: string; method: string; fields: Readonly<Record<string, string>> }>

type Cookie = { name: string; value: string; host: string; path: string; secure: boolean; domain: boolean }

export type Browser = Readonly<{
  /** Asks for a page as a person would, following redirects across hosts. */
  navigate: (url: string, options?: Navigation) => Promise<BrowserResponse>
  /** Asks as a script of the page would: no redirect is followed. */
  fetch: (url: string, init?: RequestInitOf) => Promise<BrowserResponse>
  /** Submits the first form of a page, with more fields (such as the button that was pressed). */
  submit: (
    page: BrowserResponse,
    fields?: Readonly<Record<string, string>>,
    options?: Pick<Navigation, 'follow' | 'stopAt'>,
  ) => Promise<BrowserResponse>
  /** Each answer that was seen, oldest first, redirects included. */
  history: BrowserResponse[]
  /** The Cookie header that a request to this address would carry. */
  cookiesFor: (url: string) => string
  /** Sets a cookie as the jar keeps it, or removes it with an undefined value. */
  setCookie: (url: string, name: string, value: string | undefined) => void
  /** Another browser with a copy of the cookies. */
  clone: () => Browser
}>

type BrowserOptions = Readonly<{
  ca?: string
  jar?: Cookie[]
  /** Where the port of an origin really is, as behind a mapping of ports. */
  ports?: Readonly<Record<string, number>>
}>

/** A client with a cookie jar and the manners of a browser, for tests of whole flows over real sockets. */
export function createBrowser(options: BrowserOptions = {}): Browser {
  let jar = [...(options.jar ?? [])]
  const history: BrowserResponse[] = []

  function matching(url: URL): Cookie[] {
    return jar.filter(({ host, path, secure, domain }) => {
      const isHost = url.hostname === host || (domain && url.hostname.endsWith(`.${host}`))
      const isPath = url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
      return isHost && isPath && (!secure || url.protocol === 'https:' || isLoopback(url))
    })
  }

  function cookiesFor(url: string): string {
    return matching(new URL(url))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  function keep(line: string, url: URL): void {
    const cookie = parseCookie(line, url)
    if (cookie === undefined) return
    const isSame = (other: Cookie) =>
      other.name === cookie.name && other.host === cookie.host && other.path === cookie.path
    const index = jar.findIndex(isSame)
    if (cookie.isExpired) jar = jar.filter((other) => !isSame(other))
    else if (index >= 0) jar[index] = cookie
    else jar.push(cookie)
  }

  async function send(address: string, init: RequestInitOf): Promise<BrowserResponse> {
    const url = new URL(address)
    const cookie = cookiesFor(address)
    const headers = { ...init.headers, ...(cookie && { cookie }) }
    const response = await exchange(url, { ...init, headers }, options)
    for (const line of response.setCookies) keep(line, url)
    history.push(response)
    return response
  }

  async function navigate(address: string, init: Navigation = {}): Promise<BrowserResponse> {
    const { follow = true, stopAt, ...first } = init
    let response = await send(address, withNavigationHeaders(first))
    for (let hops = 0; follow && isRedirect(response); hops += 1) {
      if (hops === 20) throw new Error(`too many redirects, at last ${response.url}`)
      const target = new URL(response.headers.location as string, response.url).href
      if (stopAt !== undefined && target.startsWith(stopAt)) return response
      const isKept = response.status === 307 || response.status === 308
      response = await send(target, withNavigationHeaders(isKept ? first : {}))
    }
    return response
  }

  return {
    navigate,
    fetch: (url, init = {}) =>
      send(url, {
        ...init,
        headers: {
          accept: '*/*',
          'sec-fetch-mode': 'cors',
          'sec-fetch-site': 'same-origin',
          ...init.headers,
        },
      }),
    submit(page, fields = {}, options = {}) {
      const form = firstForm(page)
      const body = new URLSearchParams({ ...form.fields, ...fields }).toString()
      if (form.method === 'get') return navigate(`${form.action}?${body}`, options)
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        origin: new URL(page.url).origin,
      }
      return navigate(form.action, { ...options, method: 'POST', headers, body })
    },
    history,
    cookiesFor,
    setCookie(url, name, value) {
      const attributes = `Path=/${name.startsWith('__') ? '; Secure' : ''}${value === undefined ? '; Max-Age=0' : ''}`
      keep(`${name}=${value ?? ''}; ${attributes}`, new URL(url))
    },
    clone: () => createBrowser({ ...options, jar: jar.map((cookie) => ({ ...cookie })) }),
  }
}

/** The first form of an HTML page: where it goes and its hidden fields. */
function firstForm(page: BrowserResponse): Form {
  const [whole, attributes, content] = page.body.match(/<form\b([^>]*)>([\s\S]*?)<\/form>/i) ?? []
  if (whole === undefined) throw new Error(`there is no form on ${page.url}`)
  const hidden = [...(content as string).matchAll(/<input\b([^>]*)>/gi)].map(([, input]) => [
    attribute(input as string, 'name') ?? '',
    attribute(input as string, 'value') ?? '',
  ])
  const action = new URL(attribute(attributes as string, 'action') ?? '', page.url).href
  const method = (attribute(attributes as string, 'method') ?? 'get').toLowerCase()
  return { action, method, fields: Object.fromEntries(hidden) }
}

function attribute(tag: string, name: string): string | undefined {
  const value = tag.match(new RegExp(`\\b${name}="([^"]*)"`, 'i'))?.[1]
  return value
    ?.replaceAll('&quot;', '"')
    .replaceAll('&#x27;', "'")
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}

function withNavigationHeaders(init: RequestInitOf): RequestInitOf {
  const headers = {
    accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    'sec-fetch-site': init.method === 'POST' ? 'same-origin' : 'none',
    ...init.headers,
  }
  return { ...init, headers }
}

function isRedirect({ status, headers }: BrowserResponse): boolean {
  return [301, 302, 303, 307, 308].includes(status) && headers.location !== undefined
}

function isLoopback(url: URL): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname) || url.hostname.endsWith('.localhost')
}

/** What a browser would keep of a Set-Cookie line; undefined when its prefix or Secure rules refuse it (RFC 6265bis section 5.7). */
function parseCookie(line: string, url: URL): (Cookie & { isExpired: boolean }) | undefined {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
  const name = pair.slice(0, pair.indexOf('='))
  const attributes = new Map(
    rest.map((part) => {
      const [key = '', ...value] = part.split('=')
      return [key.toLowerCase(), value.join('=')]
    }),
  )
  const secure = attributes.has('secure')
  const domain = attributes.get('domain')?.replace(/^\./, '')
  if (secure && url.protocol !== 'https:' && !isLoopback(url)) return undefined
  if (name.startsWith('__Secure-') && !secure) return undefined
  if (name.startsWith('__Host-') && (!secure || domain !== undefined || attributes.get('path') !== '/'))
    return undefined
  if (domain !== undefined && domain !== url.hostname && !url.hostname.endsWith(`.${domain}`))
    return undefined
  const maxAge = attributes.get('max-age')
  const expires = attributes.get('expires')
  const isExpired = maxAge === undefined ? Date.parse(expires ?? '') <= Date.now() : Number(maxAge) <= 0
  const given = attributes.get('path')
  const path = given?.startsWith('/') ? given : url.pathname.replace(/\/[^/]*$/, '') || '/'
  const value = pair.slice(pair.indexOf('=') + 1)
  return { name, value, host: domain ?? url.hostname, path, secure, domain: domain !== undefined, isExpired }
}

/** Every name below localhost is this machine (RFC 6761 section 6.3), which few resolvers know. */
const toLoopback: LookupFunction = (_hostname, { all }, done) => {
  const address = '127.0.0.1'
  if (all) done(null, [{ address, family: 4 }])
  else done(null, address, 4)
}

function exchange(url: URL, init: RequestInitOf, options: BrowserOptions): Promise<BrowserResponse> {
  const { method = 'GET', headers = {}, body } = init
  const { ca, ports } = options
  const port = ports?.[url.origin]
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = send(
      url,
      {
        method,
        headers: { host: url.host, ...headers, ...length },
        ...(port !== undefined && { port }),
        maxHeaderSize: 65_536,
        ...(ca && { ca }),
        ...(isLoopback(url) && { family: 4, lookup: toLoopback }),
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const setCookies = response.headers['set-cookie'] ?? []
          resolve({
            url: url.href,
            status: response.statusCode as number,
            headers: response.headers,
            setCookies,
            body: text,
            json: () => JSON.parse(text),
          })
        })
      },
    )
    request.on('error', (error: Error & { code?: string }) => {
      // A kept connection that the server closed meanwhile is no answer; browsers ask again.
      const isStale = request.reusedSocket && error.code === 'ECONNRESET'
      if (isStale) exchange(url, init, options).then(resolve, reject)
      else reject(error)
    })
    request.end(body)
  })
}
