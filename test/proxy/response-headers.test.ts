import t from 'tap'
import { type ResponseFacts, responseHead } from '../../src/proxy/response-headers.ts'

const ownsCookie = (name: string): boolean => name.startsWith('postern')

const built = (raw: string[], facts: Partial<ResponseFacts> = {}): string[] => {
  const bytes = raw.map((text) => Buffer.from(text, 'latin1'))
  const { headers } = responseHead(bytes, { setCookies: [], isProtected: false, ...facts }, ownsCookie)
  return headers.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${headers[i + 1]}`] : []))
}

t.test('ordinary headers pass with order, case, duplicates and bytes', async (t) => {
  const raw = [
    'lOCATION',
    'http://elsewhere/\xe9',
    'X-A',
    '1',
    'x-a',
    '2',
    'Content-Length',
    '5',
    'Cache-Control',
    'public',
  ]
  t.same(built(raw), [
    'lOCATION: http://elsewhere/\xe9',
    'X-A: 1',
    'x-a: 2',
    'Content-Length: 5',
    'Cache-Control: public',
  ])
})

t.test('headers of the connection itself do not pass, nor what Connection names', async (t) => {
  const hops = [
    ['Connection', 'X-Hop, keep-alive'],
    ['Keep-Alive', 'timeout=5'],
    ['Transfer-Encoding', 'chunked'],
    ['Trailer', 'X-T'],
    ['Upgrade', 'h2c'],
    ['Proxy-Authenticate', 'Basic'],
    ['x-hop', '1'],
  ]
  t.same(built([...hops.flat(), 'X-Stays', '1']), ['X-Stays: 1'])
  t.same(built(['Connection', 'close', 'Close', '1']), ['Close: 1'])
  t.same(built(['Connection', 'keep-alive', 'Age', '1']), ['Age: 1'])
})

t.test('an upstream cannot set a cookie of ours, in any disguise', async (t) => {
  const ours = [
    'postern=evil; Path=/',
    ' postern =evil',
    '=postern=evil',
    'postern',
    'postern.1=x',
    'postern;x=y',
  ]
  const others = ['app=1; Path=/', 'x=postern=1', '', '=']
  t.same(
    built([...ours, ...others].flatMap((line) => ['Set-Cookie', line])),
    others.map((line) => `Set-Cookie: ${line}`),
  )
})

t.test('our cookies are added whatever Connection names, and make the response private', async (t) => {
  const raw = ['Connection', 'Set-Cookie, Cache-Control', 'connection', 'X-A', 'X-A', '1', 'X-B', '1']
  const lines = built(raw, { setCookies: ['postern=new', 'postern.1=more'] })
  t.same(lines.slice(0, 1), ['X-B: 1'])
  t.match(lines[1], /^Cache-Control: .*private/)
  t.same(lines.slice(2), ['Set-Cookie: postern=new', 'Set-Cookie: postern.1=more'])
})

t.test('a protected response says private once, and nothing to shared caches beside it', async (t) => {
  const raw = [
    ['Cache-Control', 'public, s-maxage=600'],
    ['cache-control', 'max-age=5'],
    ['CDN-Cache-Control', 'public'],
    ['Some-CDN-Cache-Control', 'public'],
    ['Surrogate-Control', 'max-age=60'],
    ['X-Accel-Expires', '60'],
    ['Edge-Control', 'max-age=60'],
    ['X-LiteSpeed-Cache-Control', 'public, max-age=60'],
  ]
  const lines = built(raw.flat(), { isProtected: true })
  t.equal(lines.length, 1)
  t.match(lines[0], /^Cache-Control: .*private/)
  t.notMatch(lines[0], /public|s-maxage/)
  t.equal(built(raw.flat()).length, raw.length)
})

t.test(
  'what the upstream says about CORS is replaced by what the gateway says, and passes if that is nothing',
  async (t) => {
    const raw = [
      'Access-Control-Allow-Origin',
      '*',
      'VARY',
      'Accept',
      'access-control-max-age',
      '5',
      'X-A',
      '1',
    ]
    t.same(built(raw), [
      'Access-Control-Allow-Origin: *',
      'VARY: Accept',
      'access-control-max-age: 5',
      'X-A: 1',
    ])
    const cors = { 'access-control-allow-origin': 'https://spa.example', vary: 'Origin' }
    t.same(built(raw, { cors }), [
      'VARY: Accept',
      'X-A: 1',
      'access-control-allow-origin: https://spa.example',
      'vary: Origin',
    ])
    const named = ['Connection', 'vary, access-control-allow-origin', ...raw]
    t.same(built(named, { cors }).slice(1), [
      'access-control-allow-origin: https://spa.example',
      'vary: Origin',
    ])
  },
)

t.test('an event stream is known by its type', async (t) => {
  const head = (type: string) =>
    responseHead(
      [Buffer.from('Content-Type'), Buffer.from(type)],
      { setCookies: [], isProtected: false },
      ownsCookie,
    )
  t.ok(head('text/event-stream; charset=utf-8').isEventStream)
  t.notOk(head('text/event-streams').isEventStream)
})

t.test('what is remembered about header names stays bounded, and right', async (t) => {
  for (let i = 0; i < 2_500; i += 1) built([`X-Junk-${i}`, '1'])
  t.same(built(['Connection', 'close', 'X-Junk-1', '1']), ['X-Junk-1: 1'])
})
