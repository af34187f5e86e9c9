import t from 'tap'
import { check, forwarded } from '../support/check.ts'
import { ask, cookieLine, startSignedIn } from '../support/scene.ts'

const server = 'trusted_proxies: [127.0.0.1]'
const navigation = ['Accept: text/html', 'Sec-Fetch-Mode: navigate']

t.test(
  'while the provider is down a session is kept: 401, and for page views the way to our own page',
  async (t) => {
    const scene = await startSignedIn(t, {
      server,
      forwardAuth: 'preset: haproxy',
      provider: { accessTokenTtl: 300 },
    })
    const { gateway, provider } = scene
    const ask = (more: string[] = [], line = 'GET /oauth2/auth') =>
      check(gateway, [...forwarded(gateway, '/page'), cookieLine(scene), ...more], line)
    gateway.advance(301)
    provider.behaviour.respond = () => ({ status: 503, body: 'down' })
    const script = await ask()
    t.equal(script.status, 401)
    t.match(script.headers, { 'retry-after': [/^\d+$/], 'www-authenticate': [/^Bearer /] })
    t.equal(script.headers['x-auth-request-redirect'], undefined)
    t.match(JSON.parse(script.body), { reason: 'provider-unreachable' })
    const page = await ask(navigation)
    const start = `${gateway.origin}/oauth2/start?rd=${encodeURIComponent(`${gateway.origin}/page`)}`
    t.match(page, { status: 401, headers: { 'x-auth-request-redirect': [start] } })
    const redirected = await ask(navigation, 'GET /oauth2/auth?mode=redirect')
    t.match(redirected, { status: 302, headers: { location: [start] } })
    provider.behaviour.respond = undefined
    gateway.advance(31)
    t.equal((await ask()).status, 200)
  },
)

t.test('the way to our own page is told where the method is not known, and to no WebSocket', async (t) => {
  const scene = await startSignedIn(t, {
    server,
    forwardAuth: 'preset: nginx',
    provider: { accessTokenTtl: 300 },
  })
  const { gateway, provider } = scene
  const ask = (more: string[]) => check(gateway, ['X-Forwarded-Uri: /page', cookieLine(scene), ...more])
  gateway.advance(301)
  provider.behaviour.respond = () => ({ status: 503, body: 'down' })
  const page = await ask(navigation)
  t.match(page, { status: 401, headers: { 'x-auth-request-redirect': [/\/oauth2\/start\?rd=/] } })
  const socket = await ask([
    ...navigation,
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Origin: ${gateway.origin}`,
  ])
  t.equal(socket.status, 401)
  t.equal(socket.headers['x-auth-request-redirect'], undefined)
})

t.test('a provider that refuses this gateway is told in the same way', async (t) => {
  const scene = await startSignedIn(t, {
    server,
    forwardAuth: 'preset: haproxy',
    provider: { accessTokenTtl: 300 },
  })
  const { gateway, provider } = scene
  gateway.advance(301)
  provider.behaviour.respond = () => ({ status: 401, body: { error: 'invalid_client' } })
  const { status, body } = await check(gateway, [...forwarded(gateway, '/'), cookieLine(scene)])
  t.equal(status, 401)
  t.match(JSON.parse(body), { reason: 'session-unusable' })
})

t.test('what nobody foresaw is 403, at once or while a refresh is waited for', async (t) => {
  let isBroken = false
  const clock = () => {
    if (isBroken) throw new Error('the clock stands still')
    return Math.floor(Date.now() / 1000)
  }
  const scene = await startSignedIn(t, {
    server,
    clock,
    forwardAuth: 'preset: haproxy',
    provider: { accessTokenTtl: 300 },
  })
  const { gateway, provider } = scene
  const headers = [...forwarded(gateway, '/'), cookieLine(scene)]
  isBroken = true
  const answer = await check(gateway, headers)
  t.equal(answer.status, 403)
  t.notMatch(answer.body, 'clock')
  await gateway.logged(/the clock stands still/)
  isBroken = false
  gateway.advance(301)
  provider.behaviour.respond = () => {
    isBroken = true
    return undefined
  }
  t.equal((await check(gateway, headers)).status, 403)
  isBroken = false
  t.equal((await check(gateway, forwarded(gateway, '/'))).status, 401)
})

t.test('a route without an upstream is for checks only', async (t) => {
  const routes = ['path: /**, access: public, upstream: nowhere', 'path: /own/**, access: public']
  const { gateway } = await startSignedIn(t, { server, routes, forwardAuth: 'preset: haproxy' })
  t.match(await ask(gateway, 'GET /x'), /^HTTP\/1\.1 404 /)
  t.match(await ask(gateway, 'GET /own/x'), /^HTTP\/1\.1 200 /)
  t.equal((await check(gateway, forwarded(gateway, '/x'))).status, 200)
  t.ok(gateway.logs().some(({ reason }) => reason === 'no-upstream'))
})

t.test('how long a session lives tells of checks, too', async (t) => {
  const scene = await startSignedIn(t, {
    server,
    forwardAuth: 'preset: caddy, token: none',
    upstreams: (origin) => `{ web: { url: "${origin}", token: none } }`,
    session: 'idle_timeout: 10m',
  })
  const { gateway } = scene
  const secondsLeft = async () => {
    const answer = await ask(gateway, 'GET /oauth2/session', [cookieLine(scene)])
    return Number(/"seconds_left":(\d+)/.exec(answer)?.[1])
  }
  gateway.advance(500)
  t.ok((await secondsLeft()) <= 100)
  t.equal((await check(gateway, [...forwarded(gateway, '/'), cookieLine(scene)])).status, 200)
  t.ok((await secondsLeft()) > 500)
})
