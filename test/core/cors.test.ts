import t from 'tap'
import {
  type CorsPolicy,
  commonPolicy,
  corsHeaders,
  maySendSession,
  preflightHeaders,
  preflightOf,
} from '../../src/core/cors.ts'

const spa = 'https://spa.example'
const plain: CorsPolicy = {
  origins: ['https://first.example', spa],
  headers: ['authorization', 'content-type'],
  exposeHeaders: [],
  credentials: false,
  maxAge: 600,
}
const full: CorsPolicy = {
  ...plain,
  methods: ['GET', 'PUT'],
  exposeHeaders: ['ETag', 'X-Total'],
  credentials: true,
}

t.test('an allowed origin is told that its pages may read, with or without cookies', async (t) => {
  t.strictSame(corsHeaders(plain, spa), { 'access-control-allow-origin': spa, vary: 'Origin' })
  t.strictSame(corsHeaders(full, spa), {
    'access-control-allow-origin': spa,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'ETag, X-Total',
    vary: 'Origin',
  })
})

t.test('anybody else is told nothing but that the answer depends on the origin', async (t) => {
  const others = [
    ...[undefined, '', 'null', '*', 'http://spa.example', 'https://spa.example/', 'https://SPA.example'],
    ...[
      'https://spa.example.evil.test',
      'https://spa.example:8443',
      'https://evil.test, https://spa.example',
    ],
    ...['https://spa.exampl', ' https://spa.example', 'constructor', '__proto__'],
  ]
  for (const origin of others) t.strictSame(corsHeaders(full, origin), { vary: 'Origin' }, String(origin))
})

t.test('a preflight is an OPTIONS with an origin and the method that is wanted', async (t) => {
  const headers = { origin: spa, 'access-control-request-method': 'PUT' }
  t.strictSame(preflightOf('OPTIONS', headers), { origin: spa, method: 'PUT' })
  t.equal(preflightOf('PUT', headers), undefined)
  t.equal(preflightOf('OPTIONS', { origin: spa }), undefined)
  t.equal(preflightOf('OPTIONS', { 'access-control-request-method': 'PUT' }), undefined)
  t.equal(preflightOf('OPTIONS', {}), undefined)
})

t.test('a preflight that is allowed is told all that may be sent', async (t) => {
  t.strictSame(preflightHeaders(full, { origin: spa, method: 'PUT' }), {
    'access-control-allow-origin': spa,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'GET, PUT',
    'access-control-allow-headers': 'authorization, content-type',
    'access-control-max-age': '600',
    vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
  })
  const open = preflightHeaders(plain, { origin: spa, method: 'DELETE' })
  t.equal(open?.['access-control-allow-methods'], 'DELETE', 'without a list, the one that is wanted')
  t.equal(open?.['access-control-allow-credentials'], undefined)
})

t.test('a preflight of another origin or for another method gets no permission', async (t) => {
  t.equal(preflightHeaders(full, { origin: 'https://evil.test', method: 'PUT' }), undefined)
  t.equal(preflightHeaders(full, { origin: 'null', method: 'PUT' }), undefined)
  for (const method of ['DELETE', 'put', 'PUT, GET', '', 'constructor', '__proto__']) {
    t.equal(preflightHeaders(full, { origin: spa, method }), undefined, method)
  }
})

t.test('HEAD is allowed with GET', async (t) => {
  t.ok(preflightHeaders(full, { origin: spa, method: 'HEAD' }))
  t.equal(preflightHeaders({ ...full, methods: ['PUT'] }, { origin: spa, method: 'HEAD' }), undefined)
})

t.test(
  'the session may be used by the origins and for the methods of a policy with credentials',
  async (t) => {
    t.equal(maySendSession(full, spa, 'PUT'), true)
    t.equal(maySendSession(full, spa, 'POST'), false)
    t.equal(maySendSession(full, 'https://evil.test', 'PUT'), false)
    t.equal(maySendSession(plain, spa, 'PUT'), false, 'without credentials')
    t.equal(
      maySendSession({ ...plain, credentials: true }, spa, 'POST'),
      true,
      'without a list, for every method',
    )
  },
)

t.test('what several policies allow together is what each of them allows', async (t) => {
  t.equal(commonPolicy(full, []), full)
  const narrow: CorsPolicy = {
    origins: [spa, 'https://third.example'],
    methods: ['PUT', 'DELETE'],
    headers: ['content-type', 'if-match'],
    exposeHeaders: ['X-Total'],
    credentials: true,
    maxAge: 60,
  }
  const both = {
    origins: [spa],
    methods: ['PUT'],
    headers: ['content-type'],
    exposeHeaders: ['X-Total'],
    credentials: true,
    maxAge: 60,
  }
  t.strictSame(commonPolicy(full, [narrow]), both)
  t.strictSame(commonPolicy(full, [narrow, full]), both)
  t.match(commonPolicy(full, [plain]), { credentials: false, methods: ['GET', 'PUT'], exposeHeaders: [] })
  t.strictSame(commonPolicy(plain, [full]).methods, ['GET', 'PUT'])
  t.equal('methods' in commonPolicy(plain, [plain]), false)
})

t.test('where one reading has no policy, nobody may read', async (t) => {
  const nobodys = commonPolicy(full, [undefined])
  t.strictSame(corsHeaders(nobodys, spa), { vary: 'Origin' })
  t.equal(preflightHeaders(nobodys, { origin: spa, method: 'PUT' }), undefined)
  t.equal(maySendSession(nobodys, spa, 'PUT'), false)
  t.strictSame(commonPolicy(full, [full, undefined]).origins, [])
  t.strictSame(commonPolicy(full, [undefined, full]).origins, [])
})
