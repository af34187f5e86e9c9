import t from 'tap'
import { type Asker, nameOf, type Original } from './asker.ts'
import { testContract } from './contract.ts'

/** `allowed_headers` of the authorization request, beside those that Envoy always sends. */
const allowedHeaders =
  /^(?:cookie|authorization|accept|origin|x-requested-with|sec-fetch-.*|sec-websocket-.*|access-control-request-.*|x-auth-request-.*)$/

type Options = Readonly<{
  /** Whether `x-forwarded-proto` is among the allowed headers. */
  tellsScheme?: boolean
  /** `with_request_body` */
  sendsBody?: boolean
}>

/** What Envoy's ext_authz sends over HTTP: the request itself, its path behind a prefix, and only headers that are allowed. */
function envoyBytes(original: Original, host: string, _query = '', options: Options = {}): string {
  const { tellsScheme = true, sendsBody = false } = options
  const { method, target, headers } = original
  const body = sendsBody ? (original.body ?? '') : ''
  const lines = [
    `${method} /oauth2/auth${target} HTTP/1.1`,
    `host: ${host}`,
    `content-length: ${body.length}`,
    ...headers
      .filter((line) => allowedHeaders.test(nameOf(line)))
      .map((line) => nameOf(line) + line.slice(line.indexOf(':'))),
    ...(tellsScheme ? ['x-forwarded-proto: http'] : []),
    'x-envoy-internal: true',
    'x-forwarded-for: 10.1.2.3',
    'x-envoy-expected-rq-timeout-ms: 200',
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

const envoy: Asker = {
  preset: 'envoy',
  isRedirecting: false,
  keepsAlive: true,
  passesCookies: false,
  hasQuery: false,
  bytes: envoyBytes,
}

t.test('Envoy, ext_authz over HTTP', (t) => testContract(t, envoy))

t.test('Envoy that does not tell the scheme, and sends the body', (t) =>
  testContract(t, {
    ...envoy,
    bytes: (original, host) => envoyBytes(original, host, '', { tellsScheme: false, sendsBody: true }),
  }),
)
