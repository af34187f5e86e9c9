import fc from 'fast-check'
import { bearerChallenge } from '../../../src/core/challenge.ts'
import { hostKey, parseHost } from '../../../src/core/host.ts'
import { metadataAddress, resourceFor } from '../../../src/core/protected-resource.ts'
import { canonicalPath } from '../../../src/core/request-path.ts'
import { returnTarget } from '../../../src/core/return-target.ts'
import { type FuzzTarget, latin1, must, mutated, syncProperty } from '../target.ts'

const hostPieces = [
  '.',
  ':',
  '@',
  ',',
  '[',
  ']',
  '-',
  '_',
  '%',
  '/',
  '\\',
  ' ',
  '\t',
  '\0',
  ':80',
  ':65536',
  '::1',
  '\xe9',
  '127.1',
]
const hosts = fc.oneof(
  mutated(
    fc.constantFrom('app.example.com', 'localhost:4180', '[::1]:80', '127.0.0.1', 'A.B-c_d:1'),
    hostPieces,
  ),
  fc.array(fc.constantFrom(...hostPieces, 'a', 'app'), { maxLength: 8 }).map((parts) => parts.join('')),
  latin1,
  fc.nat(400).map((length) => `a${'.a'.repeat(length)}`),
)

/** The reader of Host: one host and port that every other reader sees too, or nothing. */
export const hostHeader: FuzzTarget = {
  name: 'Host header',
  shortRuns: 20_000,
  open: () =>
    syncProperty(hosts, (header) => {
      const found = parseHost(header)
      if (found === undefined) return false
      const { host, port } = found
      const whole = port === '' ? host : `${host}:${port}`
      must(whole === header.toLowerCase(), () => `another host: ${whole}`)
      must(/^[a-z\d._[\]:-]{1,253}$/.test(host) && !host.endsWith('.'), () => `odd: ${host}`)
      must(port === '' || (Number(port) > 0 && Number(port) < 65_536), () => `port: ${port}`)
      must(JSON.stringify(parseHost(whole)) === JSON.stringify(found), () => `not idempotent: ${whole}`)
      for (const scheme of ['http', 'https'] as const) {
        const key = hostKey(found, scheme)
        must(hostKey(parseHost(key) ?? found, scheme) === key, () => `another key: ${key}`)
      }
      if (!URL.canParse(`http://${header}/`)) return true
      const url = new URL(`http://${header}/`)
      must(url.username === '' && url.pathname === '/', () => `read as ${url.href}`)
      return true
    }),
}

const origin = 'https://app.example.com'
const other = 'https://other.example.com'
const targetPieces = [
  ...[
    '/',
    '//',
    '\\',
    '/\\',
    '..',
    '/../',
    '%2e',
    '%2f',
    '%5c',
    '%09',
    '%00',
    '%25',
    '?',
    '#',
    '@',
    ':',
    ';',
    ' ',
    '\t',
    '\n',
    '\0',
  ],
  ...[
    'http:',
    'https://',
    'javascript:',
    'evil.test',
    origin,
    other,
    '.evil.test',
    '/oauth2/',
    'oauth2',
    'OAUTH2',
    '\u2028',
    '\uff0f',
    '\u3002',
    '\ud800',
  ],
]
const returnTargets = fc.oneof(
  mutated(fc.constantFrom('/orders?page=2#x', `${origin}/a`, `${other}/b`, '/a/../oauth2x'), targetPieces),
  fc.array(fc.constantFrom(...targetPieces), { maxLength: 8 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
)

/** Where logins return to: one of our pages, however the address is read. */
export const returnTargetOf: FuzzTarget = {
  name: 'return targets',
  shortRuns: 20_000,
  open: () =>
    syncProperty(returnTargets, (value) => {
      const isAllowedOrigin = (found: string) => found === origin || found === other
      const found = returnTarget(value, { origin, isAllowedOrigin, prefix: '/oauth2' })
      must(/^https:\/\/(?:app|other)\.example\.com\/[!-~]*$/.test(found), () => `odd: ${found}`)
      must(!/[\\<>"`]/.test(found), () => `odd characters: ${found}`)
      const url = new URL(found)
      must(url.href === found && isAllowedOrigin(url.origin), () => `read as ${url.href}`)
      must(!url.pathname.startsWith('//') && !isEndpoint(url.pathname), () => `no page: ${found}`)
      const again = new URL(found.slice(url.origin.length), url.origin)
      must(again.href === found, () => `read again as ${again.href}`)
      return url.pathname !== '/'
    }),
}

/** Tells whether the gateway itself would answer; what it cannot read it refuses. */
function isEndpoint(pathname: string): boolean {
  const { path = '', folded = [] } = canonicalPath(pathname) ?? {}
  return [path, ...folded].some((reading) => /^\/oauth2(?:\/|$)/i.test(reading))
}

const word = fc.stringMatching(/^[!#-[\]-~]{1,20}$/)
const challenges = fc.record({
  path: fc.oneof(
    mutated(fc.constantFrom('/a/b', '/%c3%a9', '/a;b/c'), targetPieces),
    latin1.map((text) => `/${text}`),
  ),
  audiences: fc.array(
    fc.oneof(fc.constantFrom('api', origin, `${origin}/`, `${origin}/a`, `${origin}:1`, `${origin}x`), word),
  ),
  scope: fc.array(word),
  acr: fc.array(word),
  maxAge: fc.option(fc.nat(), { nil: undefined }),
})

const parameter = /^([a-z_]+)="([^"\\\r\n]*)"$/

/** WWW-Authenticate: for whatever path was asked, one challenge whose parameters read as they were meant. */
export const challenge: FuzzTarget = {
  name: 'WWW-Authenticate',
  shortRuns: 10_000,
  open: () =>
    syncProperty(challenges, ({ path, audiences, scope, acr, maxAge }) => {
      const target = canonicalPath(path)
      if (target === undefined) return false
      const resourceMetadata = metadataAddress(resourceFor(origin, target.path, audiences))
      const line = bearerChallenge({
        realm: origin,
        error: 'invalid_token',
        scope,
        acr,
        maxAge,
        resourceMetadata,
      })
      must(/^Bearer [ -~]+$/.test(line), () => `odd characters: ${line}`)
      const read = new Map(
        line
          .slice('Bearer '.length)
          .split(/, (?=[a-z_]+=")/)
          .map((text) => readParameter(text)),
      )
      must(read.get('resource_metadata') === resourceMetadata, () => `resource_metadata: ${line}`)
      must(
        read.get('realm') === origin && (read.get('scope') ?? '') === scope.join(' '),
        () => `read as ${[...read]}`,
      )
      must(resourceMetadata.startsWith(`${origin}/.well-known/`), () => `elsewhere: ${resourceMetadata}`)
      return true
    }),
}

function readParameter(text: string): [string, string] {
  const [, name = '', value = ''] = parameter.exec(text) ?? []
  must(name !== '', () => `no parameter: ${text}`)
  return [name, value]
}
