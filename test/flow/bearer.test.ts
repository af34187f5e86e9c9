import t, { type Test } from 'tap'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { createBrowser } from '../support/browser.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../support/gateway.ts'
import { type Recorder, startRecorder } from '../support/recorder.ts'
import { ask, startScene, valuesOf } from '../support/scene.ts'

const api = 'https://api.example.com'
const other = 'https://other.example.com'
const opaque = 'https://opaque.example.com'
const resources = { [api]: 'jwt', [other]: 'jwt', [opaque]: 'opaque' } as const
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'

const rules = [
  'path: /api/**, scopes: [api.read]',
  'path: /admin/**, scopes: [admin]',
  'path: /any/**, any_scope: [admin, api.write]',
  'path: /staff/**, claims: { groups: [staff] }',
  'path: /optional/**, access: optional',
  'path: /public/**, access: public',
  'path: /plain/**, access: authenticated',
]

type Started = { gateway: Gateway; upstream: Recorder }

async function startResourceGateway(t: Test, options: Partial<GatewayOptions> = {}): Promise<Started> {
  const upstream = await startRecorder(ok)
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    provider: 'none',
    upstream: upstream.origin,
    routes: rules,
    ...options,
  })
  return { gateway, upstream }
}

const bearer = (token: string) => [`Authorization: Bearer ${token}`]

/** Head lines and body of an answer. */
function read(answer: string) {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const lines = head.split('\r\n')
  const [challenge = ''] = valuesOf(lines, 'www-authenticate')
  return { status: Number(lines[0]?.split(' ')[1]), challenge, lines, body }
}

t.test(
  'a token reaches the upstream exactly as it came, with what it says as identity headers',
  async (t) => {
    const issuer = await startAuthorizationServer(t, { resources })
    const second = await startAuthorizationServer(t, { resources, signature: 'ES256' })
    const { gateway, upstream } = await startResourceGateway(t, {
      bearer: `issuers: [{ issuer: "${issuer.issuer}", audience: "${api}", type: at+jwt }, { issuer: "${second.issuer}", audience: ["${other}"] }]`,
    })
    for (const [server, resource] of [
      [issuer, api],
      [second, other],
    ] as const) {
      const { access_token: token } = await server.signIn('alice', { resource })
      for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
        const { status } = read(
          await ask(gateway, 'GET /api/orders?x=1', [`Authorization: ${scheme} ${token}`]),
        )
        t.equal(status, 200, `${scheme} of ${server.issuer}`)
      }
      const heads = upstream.bytes().split('\r\n\r\n').slice(-4, -1)
      for (const head of heads.map((text) => text.split('\r\n'))) {
        t.equal(head[0], 'GET /api/orders?x=1 HTTP/1.1')
        t.strictSame(valuesOf(head, 'authorization'), [`Bearer ${token}`])
        t.strictSame(valuesOf(head, 'x-forwarded-user'), ['alice'])
        t.strictSame(valuesOf(head, 'x-forwarded-email'), ['alice@example.com'])
        t.strictSame(valuesOf(head, 'x-forwarded-groups'), ['staff'])
      }
      t.equal(read(await ask(gateway, 'GET /staff/x', bearer(token))).status, 200, 'claims count as well')
    }
    const machine = await issuer.clientToken({ resource: api })
    t.equal(read(await ask(gateway, 'GET /api/machine', bearer(machine))).status, 200)
    const { lines } = read(await ask(gateway, 'GET /staff/x', bearer(machine)))
    t.match(lines[0], /403/, 'a client is in no group')
  },
)

t.test('what is wrong with a token is told, and the upstream sees nothing', async (t) => {
  const issuer = await startAuthorizationServer(t, { resources })
  const stranger = await startAuthorizationServer(t, { resources })
  const picky = await startAuthorizationServer(t, { resources, signature: 'ES256' })
  const { gateway, upstream } = await startResourceGateway(t, {
    bearer: `issuers: [{ issuer: "${issuer.issuer}", audience: ["${api}", app] }, { issuer: "${picky.issuer}", audience: "${api}", algorithms: [RS256] }]`,
  })
  const good = await issuer.signIn('alice', { resource: api })
  const wrong: [name: string, token: string, reason: string][] = [
    [
      'another audience',
      (await issuer.signIn('alice', { resource: other })).access_token,
      'token-audience-wrong',
    ],
    [
      'another issuer',
      (await stranger.signIn('alice', { resource: api })).access_token,
      'token-issuer-unknown',
    ],
    ['an ID token', good.id_token as string, 'token-type-wrong'],
    [
      'another algorithm',
      (await picky.signIn('alice', { resource: api })).access_token,
      'token-algorithm-refused',
    ],
    ['a broken signature', `${good.access_token.slice(0, -8)}AAAAAAAA`, 'token-signature-invalid'],
    ['no token of anybody', 'abc', 'token-malformed'],
  ]
  const check = async (name: string, token: string, reason: string) => {
    const { status, challenge, body } = read(await ask(gateway, 'GET /api/x', bearer(token)))
    t.equal(status, 401, name)
    t.match(
      challenge,
      /^Bearer realm="http:\/\/localhost:\d+", error="invalid_token", error_description="[^"]+", resource_metadata="http[^"]+"$/,
      name,
    )
    t.match(JSON.parse(body), { error: 'invalid_token', error_description: /\S/, reason, status: 401 }, name)
    t.notMatch(body, token.slice(-20), name)
    t.notMatch(body, 'login_url', 'a failed token begins no login')
  }
  for (const [name, token, reason] of wrong) await check(name, token, reason)
  t.equal(upstream.bytes(), '')
  t.equal(
    read(await ask(gateway, 'GET /api/x', bearer(good.access_token))).status,
    200,
    'the good one passes',
  )
  gateway.advance(3700)
  await check('a token that was good an hour ago', good.access_token, 'token-expired')
  t.notMatch(JSON.stringify(gateway.logs()), good.access_token.slice(-40))
})

t.test('a token that may too little is told what the rule needs', async (t) => {
  const issuer = await startAuthorizationServer(t, { resources })
  const { gateway, upstream } = await startResourceGateway(t, {
    bearer: `issuers: [{ issuer: "${issuer.issuer}", audience: "${api}" }]`,
  })
  const { access_token: token } = await issuer.signIn('alice', { resource: api })
  for (const [path, scope] of [
    ['/admin/x', 'admin'],
    ['/any/x', 'admin api.write'],
  ] as const) {
    const { status, challenge, body } = read(await ask(gateway, `GET ${path}`, bearer(token)))
    t.equal(status, 403)
    t.match(challenge, `error="insufficient_scope"`)
    t.match(challenge, `scope="${scope}"`)
    t.match(JSON.parse(body), { error: 'insufficient_scope', scope, reason: 'missing-scope' })
  }
  t.equal(upstream.bytes(), '')
})

t.test('nothing sent is no error, two headers or a broken one are a bad request', async (t) => {
  const issuer = await startAuthorizationServer(t, { resources })
  const { gateway, upstream } = await startResourceGateway(t, {
    bearer: `issuers: [{ issuer: "${issuer.issuer}", audience: "${api}" }]`,
  })
  for (const headers of [
    [],
    ['Authorization: Basic dTpw'],
    ['Authorization: DPoP abc'],
    ['Authorization: Bearerx abc'],
  ]) {
    const { status, challenge, body } = read(await ask(gateway, 'GET /api/x', headers))
    t.equal(status, 401, headers.join())
    t.equal(
      challenge,
      `Bearer realm="${gateway.origin}", scope="api.read", resource_metadata="${gateway.origin}/.well-known/oauth-protected-resource/api/x"`,
    )
    t.match(JSON.parse(body), { error: 'token_required', status: 401 })
  }
  const malformed = [
    ['Authorization: Bearer'],
    ['Authorization: Bearer a b'],
    ['Authorization: Bearer a, Bearer b'],
    ['Authorization: Bearer\tabc'],
    ['Authorization: Bearer ä'],
    ['Authorization: Bearer "abc"'],
    ['Authorization:'],
    ['Authorization: Bearer a', 'Authorization: Bearer b'],
    ['Authorization: Bearer a', 'authorization: Basic dTpw'],
  ]
  for (const headers of malformed) {
    t.equal(read(await ask(gateway, 'GET /api/x', headers)).status, 400, headers.join(' | '))
    t.equal(read(await ask(gateway, 'GET /optional/x', headers)).status, 400, 'where nobody is needed too')
  }
  t.match(
    read(await ask(gateway, 'GET /api/x', ['Authorization: Bearer'])).challenge,
    'error="invalid_request"',
  )
  t.equal(upstream.bytes(), '')
})

t.test('an optional rule takes a good token and no token, but not a bad one', async (t) => {
  const issuer = await startAuthorizationServer(t, { resources })
  const { gateway, upstream } = await startResourceGateway(t, {
    bearer: `issuers: [{ issuer: "${issuer.issuer}", audience: "${api}" }]`,
  })
  const { access_token: token } = await issuer.signIn('alice', { resource: api })
  t.equal(read(await ask(gateway, 'GET /optional/a', bearer(token))).status, 200)
  t.equal(read(await ask(gateway, 'GET /optional/b')).status, 200)
  t.equal(read(await ask(gateway, 'GET /optional/c', bearer('abc'))).status, 401)
  t.equal(read(await ask(gateway, 'GET /public/d', bearer(token))).status, 200)
  const heads = upstream
    .bytes()
    .split('\r\n\r\n')
    .map((text) => text.split('\r\n'))
  t.strictSame(
    heads.map((head) => valuesOf(head, 'authorization').length),
    [1, 0, 0, 0],
  )
})

t.test('an opaque token is introspected, and its answer kept for a while', async (t) => {
  const issuer = await startAuthorizationServer(t, { resources })
  const { id, secret } = issuer.introspector
  const { gateway, upstream } = await startResourceGateway(t, {
    bearer: `introspection: { issuer: "${issuer.issuer}", client_id: ${id}, client_secret: "${secret}", audience: "${opaque}", cache: 20s }`,
  })
  const asked = () => issuer.requests.filter((path) => path === '/token/introspection').length
  const { access_token: token } = await issuer.signIn('alice', { resource: opaque })
  for (let n = 0; n < 3; n += 1) t.equal(read(await ask(gateway, 'GET /api/x', bearer(token))).status, 200)
  t.equal(asked(), 1)
  const [head = ''] = upstream.bytes().split('\r\n\r\n')
  t.strictSame(valuesOf(head.split('\r\n'), 'authorization'), [`Bearer ${token}`])
  t.strictSame(valuesOf(head.split('\r\n'), 'x-forwarded-user'), ['alice'])
  t.equal(read(await ask(gateway, 'GET /admin/x', bearer(token))).status, 403)
  for (let n = 0; n < 2; n += 1) {
    const { status, body } = read(await ask(gateway, 'GET /api/x', bearer('made-up')))
    t.equal(status, 401)
    t.match(JSON.parse(body), { error: 'invalid_token', reason: 'token-inactive' })
  }
  t.equal(asked(), 2, 'a refusal is kept as well')
  await issuer.revoke(token)
  gateway.advance(21)
  t.equal(read(await ask(gateway, 'GET /api/x', bearer(token))).status, 401, 'revoked')
  await issuer.stop()
  const { status, lines, body } = read(await ask(gateway, 'GET /api/x', bearer('another')))
  t.equal(status, 503, 'never allowed while nobody can tell')
  t.equal(valuesOf(lines, 'retry-after').length, 1)
  t.match(JSON.parse(body), { status: 503 })
})

t.test('while the keys of the issuer cannot be had, its tokens are not judged', async (t) => {
  const issuer = await startAuthorizationServer(t, { resources })
  const { access_token: token } = await issuer.signIn('alice', { resource: api })
  await issuer.stop()
  const { gateway, upstream } = await startResourceGateway(t, {
    bearer: `issuers: [{ issuer: "${issuer.issuer}", audience: "${api}" }]`,
  })
  t.equal(read(await ask(gateway, 'GET /api/x', bearer(token))).status, 503)
  t.equal(upstream.bytes(), '')
  const readiness = await fetch(`${gateway.admin}/readyz`)
  t.equal(readiness.status, 503, 'a gateway for tokens only is not ready then')
  t.match(await readiness.text(), issuer.issuer)
})

t.test('a token of one audience is never taken for another one, however often it was seen', async (t) => {
  const a = await startAuthorizationServer(t, { resources })
  const b = await startAuthorizationServer(t, { resources })
  const { gateway, upstream } = await startResourceGateway(t, {
    routes: [
      `path: /a/**, access: authenticated, audience: ["${api}"]`,
      `path: /b/**, access: authenticated, audience: ["${other}"]`,
    ],
    bearer: `issuers: [{ issuer: "${a.issuer}", audience: ["${api}", "${other}"] }, { issuer: "${b.issuer}", audience: ["${other}"] }]`,
  })
  const forA = (await a.signIn('alice', { resource: api })).access_token
  const forB = (await a.signIn('alice', { resource: other })).access_token
  const strange = (await b.signIn('alice', { resource: api })).access_token
  for (let n = 0; n < 2; n += 1) {
    t.equal(read(await ask(gateway, 'GET /a/x', bearer(forA))).status, 200)
    t.equal(read(await ask(gateway, 'GET /b/x', bearer(forB))).status, 200)
    for (const [path, token] of [
      ['/b/x', forA],
      ['/a/x', forB],
      ['/a/x', strange],
      ['/b/x', strange],
    ] as const) {
      const { status, body } = read(await ask(gateway, `GET ${path}`, bearer(token)))
      t.equal(status, 401)
      t.match(JSON.parse(body), { reason: 'token-audience-wrong' })
    }
  }
  t.equal(upstream.bytes().split('\r\n\r\n').length - 1, 4)
})

t.test('the same rule serves a browser with a session and a script with a token', async (t) => {
  const issuer = await startAuthorizationServer(t, { resources })
  const { gateway, upstream, browser } = await startScene(t, {
    routes: [
      'path: /api/**, scopes: [api.read]',
      'path: /browsers/**, access: authenticated, credentials: [session]',
    ],
    bearer: `issuers: [{ issuer: "${issuer.issuer}", audience: "${api}" }]`,
  })
  const { access_token: token } = await issuer.signIn('bob', { resource: api })
  const page = await browser.navigate(`${gateway.origin}/api/page`)
  t.equal(page.status, 200, 'the browser signed in')
  t.equal(read(await ask(gateway, 'GET /api/script', bearer(token))).status, 200)
  const cookie = `Cookie: ${browser.cookiesFor(gateway.origin)}`
  t.equal(
    read(await ask(gateway, 'POST /api/both', [cookie, ...bearer(token), 'Content-Length: 0'])).status,
    200,
  )
  const heads = upstream
    .bytes()
    .split('\r\n\r\n')
    .map((text) => text.split('\r\n'))
  t.strictSame(
    heads.slice(0, 3).map((head) => valuesOf(head, 'x-forwarded-user')[0]),
    ['alice', 'bob', 'bob'],
  )
  t.match(heads[2]?.join('\n'), new RegExp(`^Authorization: Bearer ${token}$`, 'm'), 'the token wins')

  const bad = read(await ask(gateway, 'GET /api/x', [cookie, ...bearer('abc')]))
  t.equal(bad.status, 401, 'a failed token never falls back to the cookie')
  const page401 = ['Accept: text/html', 'Sec-Fetch-Mode: navigate', ...bearer('abc')]
  t.equal(read(await ask(gateway, 'GET /api/x', page401)).status, 401, 'and never begins a login')
  const nothing = read(await ask(gateway, 'GET /api/x'))
  t.match(JSON.parse(nothing.body), { error: 'login_required', login_url: `${gateway.origin}/oauth2/start` })
  t.match(nothing.challenge, 'resource_metadata="')

  const browsersOnly = read(await ask(gateway, 'GET /browsers/x', bearer(token)))
  t.equal(browsersOnly.status, 401, 'a rule for sessions does not look at tokens')
  t.notMatch(browsersOnly.challenge, /error=|resource_metadata=/)
  t.equal(read(await ask(gateway, 'GET /browsers/x', [cookie, ...bearer('abc')])).status, 200)
})

t.test('a credential that counts for another reading of the path only is not handed on', async (t) => {
  const issuer = await startAuthorizationServer(t, { resources })
  const { gateway, upstream, browser } = await startScene(t, {
    routes: [
      'path: /t/*, access: optional, credentials: [bearer]',
      'path: /t/x, access: authenticated',
      'path: /s/*, access: optional, credentials: [session]',
      'path: /s/x, access: authenticated',
      'path: /both/*, access: optional',
      'path: /both/x, access: authenticated, credentials: [session]',
      'path: /**, access: authenticated',
    ],
    bearer: `issuers: [{ issuer: "${issuer.issuer}", audience: "${api}" }]`,
  })
  await browser.navigate(`${gateway.origin}/signed/in`)
  const cookie = `Cookie: ${browser.cookiesFor(gateway.origin)}`
  const { access_token: token } = await issuer.signIn('bob', { resource: api })
  t.equal(read(await ask(gateway, 'GET /t/x;v=1', [cookie])).status, 200)
  t.equal(read(await ask(gateway, 'GET /s/x;v=1', bearer(token))).status, 200)
  t.equal(read(await ask(gateway, 'GET /both/x;v=1', bearer(token))).status, 401, 'every reading must pass')
  const heads = upstream
    .bytes()
    .split('\r\n\r\n')
    .filter((text) => text.includes(';v=1'))
  t.equal(heads.length, 2)
  for (const head of heads) t.notMatch(head, /^(?:authorization|x-forwarded-user):/im)
})

t.test('an upstream without tokens gets none, and none gets the ID token it asks for', async (t) => {
  const issuer = await startAuthorizationServer(t, { resources })
  const upstream = await startRecorder(ok)
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    provider: 'none',
    upstream: `{ none: { url: "${upstream.origin}", token: none }, id: { url: "${upstream.origin}", token: id } }`,
    routes: [
      'path: /none, access: authenticated, upstream: none',
      'path: /id, access: authenticated, upstream: id',
    ],
    bearer: `issuers: [{ issuer: "${issuer.issuer}", audience: "${api}" }]`,
  })
  const { access_token: token } = await issuer.signIn('alice', { resource: api })
  for (const path of ['/none', '/id'])
    t.equal(read(await ask(gateway, `GET ${path}`, bearer(token))).status, 200)
  t.notMatch(upstream.bytes(), /^authorization:/im)
  t.equal(upstream.bytes().match(/^X-Forwarded-User: alice\r$/gm)?.length, 2)
})

t.test('a gateway without a provider has no sign-in, and no endpoints for it', async (t) => {
  const issuer = await startAuthorizationServer(t, { resources })
  const { gateway, upstream } = await startResourceGateway(t, {
    bearer: `issuers: [{ issuer: "${issuer.issuer}", audience: "${api}" }]`,
  })
  const browser = createBrowser()
  const page = await browser.navigate(`${gateway.origin}/plain/x`)
  t.equal(page.status, 401)
  t.equal(browser.cookiesFor(gateway.origin), '')
  for (const endpoint of ['start', 'sign_in', 'callback', 'userinfo', 'session', 'sign_out'])
    t.equal((await browser.fetch(`${gateway.origin}/oauth2/${endpoint}`)).status, 404, endpoint)
  t.equal(upstream.bytes(), '')
})

t.test('a token that is too weak or too old is told what would do', async (t) => {
  const issuer = await startAuthorizationServer(t, { resources })
  const { gateway } = await startResourceGateway(t, {
    routes: ['path: /**, access: authenticated, acr: [gold, silver], max_age: 5m'],
    bearer: `issuers: [{ issuer: "${issuer.issuer}", audience: "${api}" }]`,
  })
  const { access_token: token } = await issuer.signIn('alice', { resource: api })
  const { status, challenge, body } = read(await ask(gateway, 'GET /x', bearer(token)))
  t.equal(status, 401)
  t.match(challenge, 'error="insufficient_user_authentication"')
  t.match(challenge, 'acr_values="gold silver", max_age="300"')
  t.match(JSON.parse(body), {
    error: 'insufficient_user_authentication',
    acr_values: 'gold silver',
    max_age: 300,
  })
  t.notMatch(body, 'login_url')
})

t.test('a WebSocket that a token opened ends with it', async (t) => {
  const issuer = await startAuthorizationServer(t, { resources, accessTokenTtl: 600 })
  const { gateway, upstream } = await startResourceGateway(t, {
    bearer: `issuers: [{ issuer: "${issuer.issuer}", audience: "${api}" }]`,
    upstream: (await startTunnelUpstream(t)).origin,
  })
  const { access_token: token } = await issuer.signIn('alice', { resource: api })
  const handshake = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ]
  const refused = gateway.client(
    `GET /api/ws HTTP/1.1\r\nHost: ${gateway.origin.slice(7)}\r\n${handshake.join('\r\n')}\r\n\r\n`,
  )
  await refused.closed
  t.match(refused.bytes(), /^HTTP\/1\.1 401 /)
  const socket = gateway.client(
    `GET /api/ws HTTP/1.1\r\nHost: ${gateway.origin.slice(7)}\r\n${[...handshake, ...bearer(token)].join('\r\n')}\r\n\r\n`,
  )
  await socket.sees('101 Switching Protocols')
  gateway.advance(599)
  gateway.app.sweep()
  t.equal(socket.socket.destroyed, false)
  gateway.advance(2)
  gateway.app.sweep()
  await socket.closed
  t.equal(upstream.bytes(), '')
})

async function startTunnelUpstream(t: Test): Promise<Recorder> {
  const upstream = await startRecorder(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
  )
  t.teardown(upstream.close)
  return upstream
}
