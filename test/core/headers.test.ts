import t from 'tap'
import {
  connectionTokens,
  foldHeaderName,
  headerPairs,
  headerValue,
  hopByHopHeaders,
  identityHeaders,
  isStrippedRequestHeader,
  privateCacheControl,
} from '../../src/core/headers.ts'
import { corpus } from '../support/corpus.ts'

const none: ReadonlySet<string> = new Set()
const isStripped = (name: string) => isStrippedRequestHeader(name, none)

t.test('folds a name as servers do that map headers to variables', async (t) => {
  t.equal(foldHeaderName('X_Forwarded.User'), 'x-forwarded-user')
  t.equal(foldHeaderName('x!forwarded~User9'), 'x-forwarded-user9')
})

const passes =
  /^(?:Authorization|X-Authorization|traceparent|Host|Content-Type|Sec-Fetch-Site|Cookie|Max-Forwards)\b/

for (const [id, group = '', header = ''] of corpus('headers.tsv').filter(
  ([, group]) => group !== 'response',
)) {
  t.test(
    `${id} ${header.slice(0, 40)} is ${passes.test(header) ? 'passed or judged elsewhere' : 'stripped'}`,
    async (t) => {
      const name = header.split(/:|\\/)[0] as string
      t.equal(isStripped(name), !passes.test(header), group)
      t.equal(isStripped(name.toLowerCase()), !passes.test(header), group)
      t.equal(isStripped(name.replaceAll('-', '_')), !passes.test(header), group)
    },
  )
}

const stripped = [
  ...[
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-host',
    'x-forwarded-port',
    'x-forwarded-anything',
    'x-forwarded',
  ],
  ...[
    'x-forwarded-email',
    'X_FORWARDED_GROUPS',
    'x.forwarded.preferred.username',
    'x-auth-request-user',
    'x-auth_request-email',
  ],
  ...[
    'remote-email',
    'Remote_Groups',
    'remote-name',
    'x-remote-user',
    'x-remote-group',
    'x-auth-username',
    'x-user',
    'X_Email',
  ],
  ...[
    'x-id-token',
    'x-userinfo',
    'x-original-uri',
    'x-rewrite-url',
    'x-envoy-original-path',
    'x-envoy-internal',
    'forwarded',
  ],
  ...[
    'x-http-method-override',
    'X_HTTP_Method',
    'x-method-override',
    'oidc_claim_sub',
    'OIDC-access-token',
    'cf-access-jwt-assertion',
  ],
  ...[
    'x-authentik-username',
    'x-pomerium-jwt-assertion',
    'x-webauth-user',
    'x-amzn-oidc-data',
    'x-ms-client-principal-name',
  ],
  ...['connection', 'te', 'trailer', 'proxy-authorization', 'expect', 'http2-settings', 'Proxy_Connection'],
]

t.test(
  'strips every spelling of what only the gateway may say, and what belongs to one connection',
  async (t) => {
    for (const name of stripped) t.equal(isStripped(name), true, name)
    for (const name of [...identityHeaders, ...hopByHopHeaders]) t.equal(name, foldHeaderName(name))
  },
)

t.test('passes the rest', async (t) => {
  const names = [
    'accept',
    'user-agent',
    'x-api-key',
    'x-access-token',
    'x-auth-token',
    'x-request-id',
    'remote-control',
  ]
  for (const name of [...names, 'oidcx', 'x-users', 'x-remoteness', 'X-Custom_Thing'])
    t.equal(isStripped(name), false, name)
})

t.test('strips what the upstream has as identity headers, in every spelling', async (t) => {
  const extra = new Set(['x-account'])
  for (const name of ['x-account', 'X-Account', 'x_account'])
    t.equal(isStrippedRequestHeader(name, extra), true, name)
})

t.test('names what Connection declares, but nothing that holds the request together', async (t) => {
  t.strictSame(connectionTokens('Close, X-Custom ,"x-Quoted",\tx-param;q=1,,'), [
    'close',
    'x-custom',
    'x-quoted',
    'x-param',
  ])
  t.strictSame(connectionTokens('X-Forwarded-User, Authorization, Cookie, Host, Content-Length'), [
    'x-forwarded-user',
  ])
  for (const value of [undefined, 'close', 'keep-alive', '']) t.strictSame(connectionTokens(value), [])
})

t.test('writes a claim as a header value', async (t) => {
  t.equal(headerValue('alice'), 'alice')
  t.equal(headerValue(''), '')
  t.equal(headerValue('a, 100%'), 'a, 100%')
  t.equal(headerValue('Zoë ✓'), 'Zo\xc3\xab \xe2\x9c\x93')
  t.equal(headerValue(42), '42')
  t.equal(headerValue(false), 'false')
  t.equal(headerValue(['staff', 7, true]), 'staff,7,true')
  t.equal(headerValue(['a,b', '50%', 'é']), 'a%2Cb,50%25,\xc3\xa9')
  t.equal(headerValue([]), '')
})

t.test('has no value for what would arrive as something else', async (t) => {
  const claims = [
    'a\r\nb',
    'a\x00',
    'a\x7f',
    'a\u0085',
    ' a',
    'a ',
    'a\u00a0',
    '\ud800',
    Number.NaN,
    Infinity,
    null,
    undefined,
    {},
  ]
  for (const claim of [...claims, [['a']], ['a', {}], ['a', null], ['a', 'b '], ['a\nb']]) {
    t.equal(headerValue(claim), undefined, JSON.stringify(claim))
  }
})

t.test('has no value for what is too long, counted in bytes', async (t) => {
  t.equal(headerValue('a'.repeat(8000))?.length, 8000)
  t.equal(headerValue('é'.repeat(4000))?.length, 8000)
  t.equal(headerValue('a'.repeat(8001)), undefined)
  t.equal(headerValue('é'.repeat(4001)), undefined)
  t.equal(headerValue('é'.repeat(1_000_000)), undefined)
})

const cacheControl: [string | undefined, string][] = [
  [undefined, 'private, no-store'],
  ['', 'private, no-store'],
  ['public', 'private, no-store'],
  ['public, s-maxage=600', 'private, no-store'],
  ['public, max-age=60', 'private, max-age=60'],
  ['Public, max-age=60, S-MaxAge = 5', 'private, max-age=60'],
  ['max-age=60', 'private, max-age=60'],
  ['no-cache', 'private, no-cache'],
  ['private', 'private'],
  ['no-store ,max-age=0', 'no-store ,max-age=0'],
  ['Private,max-age=60', 'Private,max-age=60'],
  ['private, s-maxage=60', 'private'],
  ['private="set-cookie, x"', 'private, private="set-cookie, x"'],
  ['x="public, s-maxage=1"', 'private, x="public, s-maxage=1"'],
  ['x="unclosed, private', 'private, x="unclosed, private'],
]

t.test('keeps shared caches away from protected answers', async (t) => {
  for (const [upstream, ours] of cacheControl)
    t.equal(privateCacheControl(upstream), ours, upstream ?? 'none')
})

t.test('headers whose names and values alternate are pairs; nothing about them changes', async (t) => {
  t.strictSame(headerPairs(['A', '1', 'a', '2', 'A', '']), [
    ['A', '1'],
    ['a', '2'],
    ['A', ''],
  ])
  t.strictSame(headerPairs([]), [])
})
