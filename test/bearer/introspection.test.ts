import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import type { IntrospectionConfig } from '../../src/bearer/bearer-config.ts'
import { audience, makeBearer, makeKey, now, signToken, startServer, verdict } from './key-server.ts'

const active = {
  active: true,
  sub: 'alice',
  scope: 'a b',
  aud: audience,
  exp: now + 600,
  token_type: 'Bearer',
}

async function start(t: Test, introspection: Partial<IntrospectionConfig> = {}) {
  const server = await startServer(t)
  server.answers['/introspect'] = active
  const endpoint = introspection.issuer === undefined ? { endpoint: `${server.origin}/introspect` } : {}
  const subject = makeBearer(t, { introspection: { ...endpoint, ...introspection } })
  return { server, subject, ...subject }
}

t.test('an active token becomes a caller', async (t) => {
  const { bearer, server } = await start(t)
  const outcome = await bearer.identify('opaque')
  t.match(outcome, {
    kind: 'verified',
    bearer: {
      token: 'opaque',
      sub: 'alice',
      scopes: ['a', 'b'],
      audiences: [audience],
      expiresAt: now + 600,
    },
  })
  t.equal(bearer.identify('opaque'), outcome, 'the same, at once')
  t.equal(server.count('/introspect'), 1)
  t.match(bearer.readiness(), { [`introspection ${server.origin}/introspect`]: { ok: true } })
})

t.test('the question carries the token, and who asks', async (t) => {
  const { subject, server } = await start(t, { client_auth: 'client_secret_post' })
  let asked: Record<string, string> = {}
  server.answers['/introspect'] = (response: ServerResponse, body: URLSearchParams) => {
    asked = Object.fromEntries(body)
    response.setHeader('content-type', 'application/json').end(JSON.stringify(active))
  }
  t.equal(await verdict(subject, 'opaque'), 'verified')
  t.match(asked, {
    token: 'opaque',
    token_type_hint: 'access_token',
    client_id: 'gateway',
    client_secret: 'secret',
  })
})

t.test('only what is active, for us and now counts', async (t) => {
  const { subject, server } = await start(t)
  const rows: [string, object, string][] = [
    ['inactive', { active: false }, 'token-inactive'],
    ['active as text', { ...active, active: 'true' }, 'token-inactive'],
    ['active as a number', { ...active, active: 1 }, 'token-inactive'],
    ['nothing said', { sub: 'alice', aud: audience }, 'token-inactive'],
    ['another audience', { ...active, aud: 'x' }, 'token-audience-wrong'],
    ['no audience', { ...active, aud: undefined }, 'token-audience-wrong'],
    ['an audience among others', { ...active, aud: ['x', audience] }, 'verified'],
    ['within the tolerance', { ...active, exp: now - 29 }, 'verified'],
    ['expired', { ...active, exp: now - 30 }, 'token-expired'],
    ['a refresh token of Keycloak', { ...active, typ: 'Refresh' }, 'token-type-wrong'],
    ['an ID token of Cognito', { ...active, token_use: 'id' }, 'token-type-wrong'],
    ['an end that is no number', { ...active, exp: 'later' }, 'token-claims-invalid'],
    ['not yet', { ...active, nbf: now + 31 }, 'token-not-yet-valid'],
    ['a refresh token', { ...active, token_type: 'refresh_token' }, 'token-type-wrong'],
    ['a DPoP token', { ...active, token_type: 'DPoP' }, 'token-type-wrong'],
    ['a bound token', { ...active, cnf: { jkt: 'x' } }, 'token-claims-invalid'],
    ['the type of some servers', { ...active, token_type: 'access_token' }, 'verified'],
    ['no type', { ...active, token_type: undefined }, 'verified'],
    ['no subject', { ...active, sub: undefined }, 'verified'],
    ['no end', { ...active, exp: undefined }, 'verified'],
  ]
  for (const [name, answer, expected] of rows) {
    server.answers['/introspect'] = answer
    t.equal(await verdict(subject, `token of ${name}`.replaceAll(' ', '-')), expected, name)
  }
})

t.test('a token that the server does not speak of is inactive', async (t) => {
  const { subject, server } = await start(t)
  server.answers['/introspect'] = (response: ServerResponse) =>
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: 'unsupported_token_type' }))
  t.equal(await verdict(subject, 'a.b.c'), 'token-inactive')
})

t.test('both answers are kept for the configured time, and no longer than the token', async (t) => {
  const { subject, server, clock } = await start(t)
  server.answers['/introspect'] = { ...active, exp: now + 5 }
  const asked = () => server.count('/introspect')
  for (let n = 0; n < 2; n += 1) t.equal(await verdict(subject, 'short'), 'verified')
  t.equal(asked(), 1)
  clock.now += 35
  t.equal(await verdict(subject, 'short'), 'token-expired')
  t.equal(await verdict(subject, 'short'), 'token-expired')
  t.equal(asked(), 2)
  server.answers['/introspect'] = { ...active, exp: undefined }
  clock.now += 20
  t.equal(await verdict(subject, 'short'), 'verified', 'a refusal ends too')
  clock.now += 19
  t.equal(await verdict(subject, 'short'), 'verified')
  t.equal(asked(), 3)
  clock.now += 1
  t.equal(await verdict(subject, 'short'), 'verified')
  t.equal(asked(), 4)
})

t.test('a server that cannot tell is never taken for a yes, nor for a no', async (t) => {
  const { subject, server, lines } = await start(t)
  const broken: [string, (response: ServerResponse) => unknown][] = [
    ['an error', (response) => response.writeHead(500).end()],
    ['too many requests', (response) => response.writeHead(429, { 'retry-after': '7' }).end()],
    ['our client refused', (response) => response.writeHead(401).end()],
    ['no JSON', (response) => response.setHeader('content-type', 'application/json').end('<html>')],
    ['no object', (response) => response.setHeader('content-type', 'application/json').end('[true]')],
    ['a redirect', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['nothing', (response) => response.destroy()],
  ]
  for (const [name, answer] of broken) {
    server.answers['/introspect'] = answer
    t.equal(await verdict(subject, 'secret-token'), 'unavailable', name)
  }
  t.notMatch(JSON.stringify(lines), 'secret-token')
  server.answers['/introspect'] = broken[1]?.[1] as () => void
  t.match(await subject.bearer.identify('x'), { retryAfter: 7 })
  server.answers['/introspect'] = active
  t.equal(await verdict(subject, 'secret-token'), 'verified', 'failures are not kept')
})

t.test('a crowd with one token asks once, a crowd of made-up tokens is held back', async (t) => {
  const { bearer, server } = await start(t)
  const same = await Promise.all(Array.from({ length: 10 }, () => bearer.identify('same')))
  t.equal(new Set(same).size, 1)
  t.equal(server.count('/introspect'), 1)
  const crowd = await Promise.all(Array.from({ length: 100 }, (_, n) => bearer.identify(`made-up-${n}`)))
  t.equal(crowd.filter(({ kind }) => kind === 'verified').length, 64)
  t.match(
    crowd.find(({ kind }) => kind === 'unavailable'),
    { retryAfter: 1 },
  )
})

t.test('the endpoint is discovered, and the answers must be of that issuer', async (t) => {
  const server = await startServer(t)
  server.answers['/.well-known/oauth-authorization-server'] = {
    issuer: server.origin,
    introspection_endpoint: `${server.origin}/introspect`,
  }
  const subject = makeBearer(t, { introspection: { issuer: server.origin } })
  subject.bearer.start()
  for (const [iss, expected] of [
    [server.origin, 'verified'],
    [undefined, 'verified'],
    ['https://other.example.com', 'token-issuer-unknown'],
  ] as const) {
    server.answers['/introspect'] = { ...active, iss }
    t.equal(await verdict(subject, `of-${iss}`), expected)
  }
})

t.test('tokens of an issuer whose keys are known are never shown to anybody else', async (t) => {
  const [issuer, other] = [await startServer(t), await startServer(t)]
  const key = await makeKey('one')
  issuer.answers['/jwks'] = { keys: [] }
  other.answers['/introspect'] = active
  const subject = makeBearer(t, {
    issuers: [{ issuer: issuer.origin, jwks_uri: `${issuer.origin}/jwks` }],
    introspection: { endpoint: `${other.origin}/introspect` },
  })
  t.equal(await verdict(subject, await signToken(key, issuer.origin)), 'token-key-unknown')
  t.strictSame(other.asked, [])
  t.equal(
    await verdict(subject, await signToken(key, 'https://third.example.com')),
    'verified',
    'anybody else’s is',
  )
})
