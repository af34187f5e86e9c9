/** A request as it came to the proxy that asks. */
export type Original = Readonly<{
  method: string
  target: string
  /** Beside Host, as the client wrote them. */
  headers: readonly string[]
  body?: string
}>

/** What one proxy sends to ask about a request. */
export type Asker = Readonly<{
  preset: 'traefik' | 'ingress-nginx' | 'envoy'
  /** Whether its own answer is a redirect when ours is; what the preset does unless told otherwise. */
  isRedirecting: boolean
  /** Whether it asks on connections that stay open. */
  keepsAlive: boolean
  /** Whether it brings Set-Cookie of an allowing answer to the browser, as the preset assumes. */
  passesCookies: boolean
  /** The address of the check has a query of its own. */
  hasQuery: boolean
  /** The bytes of the check about a request to `host`; `query` is what the address of the check has. */
  bytes: (original: Original, host: string, query?: string) => string
}>

/** The name of a header line, in lower case. */
export function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase()
}

/** Headers of a browser that goes to a page. */
export const pageView: readonly string[] = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64)',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br',
  'Sec-Fetch-Dest: document',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Site: none',
]

/** Headers of a script of the same site. */
export const script: readonly string[] = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64)',
  'Accept: */*',
  'Sec-Fetch-Dest: empty',
  'Sec-Fetch-Mode: cors',
  'Sec-Fetch-Site: same-origin',
]

/** Headers of a WebSocket handshake over HTTP/1.1, beside Origin. */
export const handshake: readonly string[] = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64)',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
