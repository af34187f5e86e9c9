import t from 'tap'
import { headerValue } from '../../src/core/headers.ts'
import { type ForwardFacts, requestHeaders } from '../../src/proxy/request-headers.ts'
import { plainFacts } from '../support/gate.ts'

const built = (raw: string[], facts: Partial<ForwardFacts> = {}): string[] => {
  const flat = requestHeaders(raw, { ...plainFacts, ...facts })
  return flat.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${flat[i + 1]}`] : []))
}

const own = [
  'Host: app.example.com',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: app.example.com',
  'X-Forwarded-For: 192.0.2.7',
  'X-Real-IP: 192.0.2.7',
]

t.test('ordinary headers pass with order, case and duplicates', async (t) => {
  t.same(built(['aCCept', '*/*', 'X-A', '1', 'x-a', '2', 'Content-Length', '5']), [
    'aCCept: */*',
    'X-A: 1',
    'x-a: 2',
    'Content-Length: 5',
    ...own,
  ])
})

t.test(
  'the trace context is the one that was judged, not what the client wrote, and its Connection removes it',
  async (t) => {
    const sent = ['TraceParent', 'a', 'tracestate', 'b']
    t.same(built(sent), own)
    const trace = { traceparent: 'c', tracestate: 'd=e' }
    t.same(built(sent, { trace }), ['traceparent: c', 'tracestate: d=e', ...own])
    t.same(built(sent, { trace: { traceparent: 'c' } }), ['traceparent: c', ...own])
    t.same(built([...sent, 'Connection', 'traceparent, tracestate'], { trace }), own)
  },
)

t.test('headers of the connection itself do not pass', async (t) => {
  const hops = [
    ['Connection', 'close'],
    ['Keep-Alive', 'timeout=5'],
    ['TE', 'trailers'],
    ['Trailer', 'X-T'],
    ['Transfer-Encoding', 'chunked'],
    ['Upgrade', 'h2c'],
    ['HTTP2-Settings', 'AAMA'],
    ['Proxy-Authorization', 'Basic eDp4'],
    ['Proxy-Connection', 'keep-alive'],
    ['Expect', '100-continue'],
    ['Host', 'evil.example'],
  ]
  t.same(built(hops.flat()), own)
})

t.test('every spelling of an identity or forwarded header is removed', async (t) => {
  const spellings = [
    'X-Forwarded-User',
    'X_Forwarded_User',
    'x.forwarded.user',
    'X-FORWARDED-GROUPS',
    'X-Auth-Request-Email',
    'X_Auth-Request_Email',
    'X-Forwarded-For',
    'X_Forwarded_Proto',
    'X-Forwarded-Host',
    'X-Forwarded-Prefix',
    'Forwarded',
    'X-Real-IP',
    'X_Real_IP',
    'X-Original-URL',
    'Remote-User',
    'Transfer_Encoding',
    'Content_Length',
  ]
  t.same(built(spellings.flatMap((name) => [name, 'mallory'])), own)
})

t.test('names configured as identity headers are removed in every spelling too', async (t) => {
  const facts = { stripped: new Set(['x-user']), identity: [['X-User', 'alice']] as [string, string][] }
  t.same(built(['X-User', 'mallory', 'x_user', 'eve', 'X-Users', 'all'], facts), [
    'X-Users: all',
    ...own,
    'X-User: alice',
  ])
})

t.test('what Connection names is removed, but never what the gateway adds', async (t) => {
  const connection = 'close, X-Mine, x-forwarded-for, Authorization,\tCookie, Host, Content-Length, X-User'
  const raw = [
    'Connection',
    connection,
    'X-Mine',
    '1',
    'Cookie',
    'a=1',
    'Content-Length',
    '5',
    'X-Stays',
    '2',
  ]
  const facts = { bearer: 'token', identity: [['X-User', 'alice']] as [string, string][] }
  t.same(built(raw, facts), [
    'Cookie: a=1',
    'Content-Length: 5',
    'X-Stays: 2',
    ...own,
    'X-User: alice',
    'Authorization: Bearer token',
  ])
})

t.test('what several Connection lines name is removed', async (t) => {
  t.same(
    built(['X-A', '1', 'Connection', 'x-a', 'connection', 'keep-alive', 'X-B', '2', 'CONNECTION', 'X-B']),
    own,
  )
})

t.test('there is at most one Authorization', async (t) => {
  const raw = ['Authorization', 'Bearer mallory', 'authorization', 'Bearer eve']
  t.same(built(raw), own)
  t.same(built(raw, { passAuthorization: true }), ['Authorization: Bearer mallory', ...own])
  t.same(built(raw, { bearer: 'token' }), [...own, 'Authorization: Bearer token'])
  t.same(built(raw, { bearer: 'token', passAuthorization: true }), [...own, 'Authorization: Bearer token'])
})

t.test('our cookies are taken out of every Cookie line, and the others stay byte for byte', async (t) => {
  const raw = ['Cookie', 'a=1; postern=x; b="2"', 'cookie', 'postern=y', 'COOKIE', 'c=\xe9']
  t.same(built(raw), ['Cookie: a=1; b="2"', 'COOKIE: c=\xe9', ...own])
})

t.test('a request id of ours replaces the client\u2019s', async (t) => {
  t.same(built(['X-Request-ID', 'theirs']), ['X-Request-ID: theirs', ...own])
  t.same(built(['X-Request-ID', 'theirs', 'x_request_id', 'also'], { requestId: 'ours' }), [
    ...own,
    'X-Request-Id: ours',
  ])
})

t.test('the chain of trusted proxies is sent as X-Forwarded-For', async (t) => {
  t.match(
    built([], { forwardedFor: '192.0.2.7, 10.0.0.1' }).join('\n'),
    'X-Forwarded-For: 192.0.2.7, 10.0.0.1',
  )
})

t.test('an unknown client address is not made up', async (t) => {
  t.same(built(['X-Forwarded-For', '1.2.3.4'], { clientAddress: '' }), own.slice(0, 3))
})

t.test('identity values are sent as the bytes they are', async (t) => {
  const bytes = headerValue('Jos\u00e9 \u540d') as string
  t.same(built([], { identity: [['X-Name', bytes]] }).slice(own.length), [`X-Name: ${bytes}`])
})

t.test('what is remembered about header names stays bounded, and right', async (t) => {
  for (let i = 0; i < 2_500; i += 1) built([`X-Junk-${i}`, '1'])
  t.same(built(['X-Forwarded-User', 'mallory', 'X-Junk-1', '1']), ['X-Junk-1: 1', ...own])
})
