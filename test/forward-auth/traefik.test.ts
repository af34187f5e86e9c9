import t from 'tap'
import { type Asker, nameOf, type Original } from './asker.ts'
import { testContract } from './contract.ts'

/** Taken out by ForwardAuth, or by Go when it writes the request. */
const dropped =
  /^(?:host|connection|keep-alive|te|trailers|transfer-encoding|upgrade|content-length|user-agent)$/

/** The spelling that Go gives every name: `sec-websocket-key` becomes `Sec-Websocket-Key`. */
function canonical(line: string): string {
  const name = line.slice(0, line.indexOf(':'))
  return (
    name.toLowerCase().replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase()) + line.slice(name.length)
  )
}

type Options = Readonly<{
  /** As the entry point writes it; of a WebSocket it says so, when `trustForwardHeader` is set. */
  proto?: string
  /** `preserveRequestMethod` */
  keepsMethod?: boolean
  /** `forwardBody` */
  sendsBody?: boolean
}>

/** What Traefik's ForwardAuth sends: the headers of the client, sorted, its own among them; a GET unless told otherwise. */
function traefikBytes(original: Original, host: string, query = '', options: Options = {}): string {
  const { proto = 'http', keepsMethod = false, sendsBody = false } = options
  const own = [
    'X-Forwarded-For: 192.0.2.7',
    `X-Forwarded-Host: ${host}`,
    `X-Forwarded-Method: ${original.method}`,
    'X-Forwarded-Port: 80',
    `X-Forwarded-Proto: ${proto}`,
    'X-Forwarded-Server: traefik-5d8c7f7c9b-x2x7k',
    `X-Forwarded-Uri: ${original.target}`,
    'X-Real-Ip: 192.0.2.7',
  ]
  const names = new Set(own.map(nameOf))
  const agent = original.headers.find((line) => nameOf(line) === 'user-agent')
  const passed = original.headers.filter((line) => !dropped.test(nameOf(line)) && !names.has(nameOf(line)))
  const method = keepsMethod ? original.method : 'GET'
  const hasBody = sendsBody && original.body !== undefined && original.body !== ''
  const framing = hasBody
    ? ['Transfer-Encoding: chunked']
    : /^(?:POST|PUT|PATCH)$/.test(method)
      ? ['Content-Length: 0']
      : []
  const isCompressed = original.headers.some((line) => /^(?:accept-encoding|range)$/.test(nameOf(line)))
  const lines = [
    `${method} /oauth2/auth${query} HTTP/1.1`,
    'Host: postern:4180',
    agent ?? 'User-Agent: Go-http-client/1.1',
    ...framing,
    ...[...passed, ...own].map(canonical).sort(byName),
    ...(isCompressed || method === 'HEAD' ? [] : ['Accept-Encoding: gzip']),
  ]
  const { body = '' } = original
  const chunks = hasBody ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : ''
  return `${lines.join('\r\n')}\r\n\r\n${chunks}`
}

function byName(one: string, other: string): number {
  const [a, b] = [nameOf(one), nameOf(other)]
  return a < b ? -1 : a > b ? 1 : 0
}

const traefik: Asker = {
  preset: 'traefik',
  isRedirecting: true,
  keepsAlive: true,
  passesCookies: false,
  hasQuery: true,
  bytes: traefikBytes,
}

t.test('Traefik, ForwardAuth', (t) => testContract(t, traefik))

t.test('Traefik that trusts the headers of another proxy, whose WebSockets have a scheme of their own', (t) =>
  testContract(t, {
    ...traefik,
    bytes: (original, host, query) =>
      traefikBytes(original, host, query, { proto: isHandshake(original) ? 'ws' : 'http' }),
  }),
)

t.test('Traefik that keeps the method', (t) =>
  testContract(t, {
    ...traefik,
    bytes: (original, host, query) => traefikBytes(original, host, query, { keepsMethod: true }),
  }),
)

t.test('Traefik that sends the body', (t) =>
  testContract(t, {
    ...traefik,
    bytes: (original, host, query) =>
      traefikBytes(original, host, query, { keepsMethod: true, sendsBody: true }),
  }),
)

function isHandshake({ headers }: Original): boolean {
  return headers.some((line) => nameOf(line) === 'upgrade')
}
