import type { Test } from 'tap'
import type { BrowserResponse } from '../support/browser.ts'
import type { FrontName } from '../support/front.ts'
import { valuesOf } from '../support/scene.ts'
import { ask, bytesFor, cookieOf, startFronted, startSignedIn } from './scenario.ts'

/** What the tests of all proxies have in common. */
export type Expected = Readonly<{
  name: FrontName
  /** Whether a Set-Cookie of the check gets to the browser. */
  isDelivering: boolean
}>

/** Runs what must hold whichever proxy asks. */
export function behaves(t: Test, expected: Expected): void {
  const { name } = expected
  t.test('people sign in, come back to where they were, and sign out', (t) => signIn(t, name))
  t.test('what is not allowed is refused, and the service hears nothing of it', (t) => refusals(t, name))
  t.test('what clients say about themselves never gets to the service', (t) => spoofing(t, name))
  t.test('no spelling of a path gets round its rule', (t) => paths(t, name))
  t.test('nobody gets at the check itself', (t) => closedCheck(t, name))
  t.test('WebSockets pass after a check', (t) => webSockets(t, name))
  t.test('nothing else is upgraded', (t) => otherUpgrades(t, name))
  t.test('50 requests at the end of a token refresh once, and the login is kept', (t) => refresh(t, expected))
  t.test('a session of several cookies fits', (t) => longSession(t, name))
  t.test('who goes on asking stays signed in', (t) => idle(t, expected))
  t.test('without Postern nothing passes', (t) => down(t, name))
}

async function signIn(t: Test, name: FrontName): Promise<void> {
  const { origin, browser, heads } = await startFronted(t, name)
  const deepLink = `${origin}/orders/7?a=1&b=2&c=%2F%26`
  const first = await browser.clone().navigate(deepLink, { follow: false })
  t.equal(first.status, 302)
  t.equal(first.headers.location, `${origin}/oauth2/start?rd=${encodeURIComponent(deepLink)}`)
  const page = await browser.navigate(deepLink)
  t.match(page, { status: 200, url: deepLink, body: 'hi' })
  t.equal(heads().length, 1)
  const [head = []] = heads()
  t.equal(head[0], 'GET /orders/7?a=1&b=2&c=%2F%26 HTTP/1.1')
  t.strictSame(valuesOf(head, 'x-auth-request-user'), ['alice'])
  t.strictSame(valuesOf(head, 'x-auth-request-email'), ['alice@example.com'])
  t.strictSame(valuesOf(head, 'x-auth-request-groups'), ['staff'])
  t.strictSame(valuesOf(head, 'x-auth-request-preferred-username'), ['alice'])
  t.match(valuesOf(head, 'authorization'), [/^Bearer [\w-]{20,}$/])
  t.strictSame(valuesOf(head, 'host'), [new URL(origin).host])

  const posted = await browser.fetch(`${origin}/orders`, { method: 'POST', body: 'x=1', headers: { origin } })
  t.equal(posted.status, 200)
  const out = await browser.fetch(`${origin}/oauth2/sign_out`, { method: 'POST', headers: { origin } })
  t.equal(out.status, 200)
  t.equal(browser.cookiesFor(origin), '')
  t.equal((await browser.fetch(`${origin}/orders`)).status, 401)
}

async function refusals(t: Test, name: FrontName): Promise<void> {
  const fronted = await startSignedIn(t, name)
  const { origin, browser, heads } = fronted
  const before = heads().length
  const stranger = await browser.clone()
  stranger.setCookie(origin, 'postern', undefined)
  const unknown = await stranger.fetch(`${origin}/orders?x=1`)
  t.equal(unknown.status, 401)
  t.match(unknown.headers['www-authenticate'], /^Bearer realm="[^"]+"[^,]*(?:, resource_metadata="[^"]+")?$/)
  t.equal(unknown.headers['x-auth-request-user'], undefined)
  const forged = await stranger.fetch(`${origin}/`, { headers: { authorization: 'Bearer forged' } })
  t.equal(forged.status, 401)
  t.match((await ask(fronted, 'HEAD /orders')).text, /^HTTP\/1\.1 401 [\s\S]*\r\n\r\n$/)

  t.equal((await browser.fetch(`${origin}/admin/x`)).status, 403)
  t.equal((await browser.navigate(`${origin}/admin/x`)).status, 403)
  const crossSite = { method: 'POST', headers: { origin: 'https://evil.test' } }
  t.equal((await browser.fetch(`${origin}/orders`, crossSite)).status, 403)
  t.equal((await browser.fetch(`${origin}/reports`, { method: 'POST', headers: { origin } })).status, 403)
  t.equal((await browser.fetch(`${origin}/reports`, { method: 'DELETE', headers: { origin } })).status, 403)
  t.equal(heads().length, before)

  t.equal((await browser.fetch(`${origin}/reports`)).status, 200)
  t.equal((await stranger.fetch(`${origin}/public/x`)).status, 200)
  t.equal(heads().length, before + 2)
}

const spoofs: readonly string[] = [
  'X-Auth-Request-User: evil',
  'x-auth-request-groups: evil',
  'X-Auth-Request-Email: evil',
  'X_Auth_Request_User: evil',
  'X-Auth_Request-User: evil',
  'X-Auth-Request-Preferred-Username: evil',
  'X-Auth-Request-User: evil2',
]

async function spoofing(t: Test, name: FrontName): Promise<void> {
  const fronted = await startSignedIn(t, name)
  const cookie = cookieOf(fronted)
  const rows: [line: string, headers: string[], status: number][] = [
    ['GET /orders', [cookie, ...spoofs], 200],
    ['GET /public/x', [...spoofs], 200],
    ['GET /public/x', [...spoofs, 'Authorization: Bearer evil'], 200],
    ['GET /public/x', [...spoofs, 'Authorization: Basic evil'], 200],
    ['GET /orders', [cookie, 'Authorization: Basic evil'], 200],
    ['GET /orders', [cookie, 'Authorization: Bearer evil'], 200],
    ['GET /orders', [cookie, 'Connection: close, X-Auth-Request-User, Authorization'], 200],
    ['GET /orders', ['X-Forwarded-Uri: /public/'], 401],
    ['GET /admin', [cookie, 'X-Forwarded-Uri: /public/'], 403],
    ['GET /admin', [cookie, 'X_Forwarded_Uri: /public/'], 403],
    ['GET /admin', [cookie, 'X-Original-URL: /public/', 'X-Original-URI: /public/'], 403],
    ['GET /orders', [cookie, 'X-Original-URL: /public/', 'X-Original-Method: POST'], 200],
    ['GET /admin', [cookie, 'X-Forwarded-Host: evil.test', 'X-Forwarded-Proto: https'], 403],
    ['GET /orders', [cookie, 'X-Forwarded-Host: evil.test', 'X-Forwarded-Proto: https'], 200],
    ['GET /orders', [cookie, 'Connection: close, X-Forwarded-Uri, X-Forwarded-Host, Cookie'], 200],
    ['POST /reports', [cookie, `Origin: ${fronted.origin}`, 'X-Forwarded-Method: GET'], 403],
    ['POST /reports', [cookie, `Origin: ${fronted.origin}`, 'X-Original-Method: GET'], 403],
  ]
  for (const [line, headers, status] of rows) {
    const before = fronted.heads().length
    const answer = await ask(fronted, line, headers)
    const label = `${line} ${headers.filter((header) => header !== cookie).join(' | ')}`
    t.equal(answer.status, status, label)
    const heads = fronted.heads().slice(before)
    t.equal(heads.length, status === 200 ? 1 : 0, label)
    for (const head of heads) {
      const isAlice = headers.includes(cookie)
      const text = head.filter((header) => !header.startsWith('X-Original')).join('\n')
      t.notMatch(text, /evil|x[-_]auth_/i, label)
      t.strictSame(valuesOf(head, 'x-auth-request-user').join(), isAlice ? 'alice' : '', label)
      t.equal(valuesOf(head, 'authorization').length, isAlice ? 1 : 0, label)
      t.notMatch(valuesOf(head, 'connection').join(), /x-|authorization/i, label)
    }
  }
}

/** Each is `/admin` to some reader, or goes by it. */
const tricks: readonly string[] = [
  '/public/..%2fadmin',
  '/public/../admin',
  '/public/%2e%2e/admin',
  '/public/.%2e/admin',
  '/public/%2e%2e%2fadmin',
  '/public/%252e%252e/admin',
  '/public/..;/admin',
  '/public/x/..;x=y/../admin',
  '/public\\..\\admin',
  '/public/..\\admin',
  '/public/..%5cadmin',
  '/public%2f..%2fadmin',
  '/public/"/..%2f..%2fadmin',
  '/public/|/..%2f..%2fadmin',
  '/public/\xff/..%2f..%2fadmin',
  '/public/%00/../../admin',
  '/public//../admin',
  '/public/#/../../admin',
  '/public#/../admin',
  '//admin',
  '///admin',
  '/./admin',
  '/%2fadmin',
  '/%61dmin',
  '/%2561dmin',
  '/ADMIN',
  '/admin',
  '/admin/',
  '/admin?/public/',
  '/admin#/public/',
  '/admin;/public/',
  '/admin/..;/public/',
  '/admin/%2e%2e/public/x',
  '/admin%3f/public/',
  '/oauth2/../admin',
  '/oauth2/%2e%2e/admin',
  '/oauth2/..%2fadmin',
  '/oauth2%2f..%2fadmin',
  '*/admin',
  'admin',
]

async function paths(t: Test, name: FrontName): Promise<void> {
  const fronted = await startSignedIn(t, name)
  const { host } = new URL(fronted.origin)
  const cookie = cookieOf(fronted)
  const absolute = [`http://${host}/admin`, `http://${host}//admin`, `HTTP://${host}/admin`]
  for (const target of [...tricks, ...absolute]) {
    const before = fronted.heads().length
    const { status } = await ask(fronted, `GET ${target}`, [cookie])
    t.ok(status >= 400, `${target}: ${status}`)
    t.strictSame(fronted.heads().slice(before), [], target)
  }
  // And what is allowed arrives as it was sent, for else the rule was asked about something else.
  for (const target of ['/public/a%20b/%C3%BC?x=/../admin&y=%2f..', '/public/x?', '/orders?a=1&b=%26']) {
    t.equal((await ask(fronted, `GET ${target}`, [cookie])).status, 200, target)
    t.equal(fronted.heads().at(-1)?.[0], `GET ${target} HTTP/1.1`)
  }
  // One proxy says so, another has no site of that name, and says nothing at all with 200.
  const before = fronted.heads().length
  await ask(fronted, 'GET /public/x', [cookie, 'Host: evil.test'])
  await ask(fronted, 'GET http://evil.test/public/x', [cookie])
  await ask(fronted, 'GET http://evil.test/public/x', [cookie, 'Host: evil.test'])
  t.equal(fronted.heads().length, before, 'nothing for a host that is not ours')
  await ask(fronted, `GET http://${host}/public/x`, [cookie, 'Host: other.test'])
  const last = fronted.heads().at(-1) ?? []
  t.strictSame(valuesOf(last, 'host'), [host], 'no request for another host than was judged')
}

async function closedCheck(t: Test, name: FrontName): Promise<void> {
  const fronted = await startSignedIn(t, name)
  const { host } = new URL(fronted.origin)
  const headers = [
    cookieOf(fronted),
    'X-Forwarded-Method: GET',
    'X-Forwarded-Proto: http',
    `X-Forwarded-Host: ${host}`,
    'X-Forwarded-Uri: /orders',
  ]
  const targets = [
    '/oauth2/auth',
    '/oauth2/auth/',
    '/oauth2/auth/orders',
    '/oauth2/auth?mode=redirect',
    '/oauth2/%61uth',
    '/oauth2/AUTH',
    '/oauth2//auth',
    '//oauth2/auth',
    '/oauth2/./auth',
    '/oauth2/x/../auth',
    '/x/../oauth2/auth',
    '/oauth2/auth#x',
    '/oauth2/auth;x',
    '/oauth2%2fauth',
    `http://${host}/oauth2/auth`,
  ]
  const before = fronted.heads().length
  for (const target of targets) {
    const { status, text } = await ask(fronted, `GET ${target}`, headers)
    t.ok(status >= 400 && status < 500, `${target}: ${status}`)
    t.notMatch(text, /Bearer [\w-]{20,}|x-auth-request-user/i, target)
  }
  t.equal(fronted.heads().length, before)
  t.equal((await ask(fronted, 'GET /oauth2/userinfo', headers)).status, 200, 'the other endpoints are there')
}

const handshake = [
  'Connection: keep-alive, Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
]

async function webSockets(t: Test, name: FrontName): Promise<void> {
  const fronted = await startSignedIn(t, name)
  const [cookie, own] = [cookieOf(fronted), `Origin: ${fronted.origin}`]
  const before = fronted.heads().length
  const rows: [target: string, headers: string[], status: number][] = [
    ['/ws', [own], 401],
    ['/ws', [own, 'Accept: text/html', 'Sec-Fetch-Mode: navigate'], 401],
    ['/ws', [cookie, 'Origin: https://evil.test'], 403],
    ['/ws', [cookie], 403],
    ['/admin/ws', [cookie, own], 403],
  ]
  for (const [target, headers, status] of rows) {
    const answer = await ask(fronted, `GET ${target}`, [...handshake, ...headers])
    t.equal(answer.status, status, `${target} ${headers.length}`)
  }
  t.equal(fronted.heads().length, before)

  const naming = 'Connection: keep-alive, Upgrade, X-Auth-Request-User, Authorization'
  const allowed = [naming, ...handshake.slice(1), cookie, own, ...spoofs]
  const client = fronted.client(bytesFor(fronted, 'GET /ws', allowed))
  t.match(await client.sees('hello'), /^HTTP\/1\.1 101 /)
  const head = fronted.heads().at(-1) ?? []
  t.strictSame(valuesOf(head, 'x-auth-request-user'), ['alice'])
  t.equal(valuesOf(head, 'authorization').length, 1)
  t.match(valuesOf(head, 'upgrade'), [/^websocket$/i])
  client.send('\x81\x02yo')
  const service = fronted.upstream.connections.at(-1)
  t.match(await service?.sees('\x81\x02yo'), 'yo', 'and the other way')
}

async function otherUpgrades(t: Test, name: FrontName): Promise<void> {
  const fronted = await startSignedIn(t, name)
  const cookie = cookieOf(fronted)
  for (const upgrade of [
    ['h2c'],
    ['h2c, websocket'],
    ['h2c', 'websocket'],
    ['websocket', 'h2c'],
    ['TLS/1.0'],
  ]) {
    const lines = upgrade.map((value) => `Upgrade: ${value}`)
    const headers = [
      cookie,
      'Connection: Upgrade, HTTP2-Settings',
      'HTTP2-Settings: AAMAAABkAAQAAP__',
      ...lines,
    ]
    const before = fronted.heads().length
    await ask(fronted, 'GET /orders', headers)
    for (const head of fronted.heads().slice(before)) {
      t.notMatch(valuesOf(head, 'upgrade').join(), /h2c|tls/i, upgrade.join(' | '))
      t.notMatch(valuesOf(head, 'connection').join(), /http2/i, upgrade.join(' | '))
    }
    t.ok(fronted.heads().length <= before + 1)
  }
}

async function refresh(t: Test, { name, isDelivering }: Expected): Promise<void> {
  const { origin, browser, gateway, refreshes, heads } = await startSignedIn(t, name)
  const old = browser.cookiesFor(origin)
  const burst = (): Promise<BrowserResponse[]> =>
    Promise.all(Array.from({ length: 50 }, (_, index) => browser.clone().fetch(`${origin}/data/${index}`)))
  const tokens = (from: number) =>
    new Set(
      heads()
        .slice(from)
        .flatMap((head) => valuesOf(head, 'authorization')),
    )

  gateway.advance(301)
  let before = heads().length
  const first = await burst()
  t.equal(first.filter(({ status }) => status === 200).length, 50)
  t.equal(refreshes(), 1)
  t.equal(tokens(before).size, 1, 'all with the one new token')
  t.equal(first.filter(({ setCookies }) => setCookies.length === 1).length, isDelivering ? 50 : 0)

  // The browser still has the old cookie, as if no answer had reached it.
  gateway.advance(301)
  before = heads().length
  const second = await burst()
  t.equal(second.filter(({ status }) => status === 200).length, 50, 'the old cookie goes on working')
  t.equal(refreshes(), 2)
  t.equal(tokens(before).size, 1)

  const seen = browser.history.length
  const page = await browser.navigate(`${origin}/page?x=1&y=2`)
  t.match(page, { status: 200, url: `${origin}/page?x=1&y=2` })
  const hops = browser.history.slice(seen).map(({ url }) => new URL(url).pathname)
  t.strictSame(hops, isDelivering ? ['/page'] : ['/page', '/oauth2/renew', '/page'])
  t.not(browser.cookiesFor(origin), old, 'a page view brings the new cookie')
  t.equal(refreshes(), 2)

  gateway.advance(301)
  t.equal((await browser.fetch(`${origin}/data`)).status, 200, 'the grant is alive')
  t.equal(refreshes(), 3)
}

/** So many groups that the session fills several cookies, and an identity header some kilobytes. */
const groups = Array.from({ length: 300 }, (_, index) => `group-${index}-${(index * 7919) % 1000}`)

async function longSession(t: Test, name: FrontName): Promise<void> {
  const alice = { scopes: [], claims: { email: 'alice@example.com', groups } }
  const options = { provider: { users: { alice }, accessTokenTtl: 300 } }
  const { origin, browser, heads, gateway, refreshes } = await startSignedIn(t, name, options)
  t.ok(browser.cookiesFor(origin).length > 8192, `${browser.cookiesFor(origin).length} bytes of cookies`)
  t.equal((await browser.fetch(`${origin}/x`)).status, 200)
  t.strictSame(valuesOf(heads().at(-1), 'x-auth-request-groups'), [groups.join(',')])
  for (const count of [1, 2]) {
    gateway.advance(301)
    t.equal((await browser.fetch(`${origin}/x`)).status, 200)
    t.equal((await browser.navigate(`${origin}/page`)).status, 200)
    t.equal(refreshes(), count)
  }
}

async function idle(t: Test, { name, isDelivering }: Expected): Promise<void> {
  const { origin, browser, gateway, provider } = await startSignedIn(t, name, {
    session: 'idle_timeout: 10m',
    provider: { accessTokenTtl: 86_400 },
  })
  const script = browser.clone()
  for (let minutes = 0; minutes < 40; minutes += 4) {
    gateway.advance(240)
    t.equal((await browser.navigate(`${origin}/page`)).status, 200)
    // Its own jar never gets a cookie where the proxy drops them: this process knows that it is in use.
    t.equal((await script.fetch(`${origin}/data`)).status, 200)
  }
  t.equal(provider.tokenRequests.length, 1, 'one login, and no other')
  const renewals = browser.history.filter(({ url }) => url.includes('/oauth2/renew')).length
  t.equal(renewals > 0, !isDelivering)
  gateway.advance(601)
  t.equal((await browser.fetch(`${origin}/data`)).status, 401, 'who does not ask is signed out')
}

async function down(t: Test, name: FrontName): Promise<void> {
  const fronted = await startSignedIn(t, name)
  const { browser, origin, gateway, heads } = fronted
  const before = heads().length
  await gateway.app.close()
  // All at once: some proxies try again a few times before they give up.
  const answers = await Promise.all([
    ...['/orders', '/public/x', '/admin'].map((path) => browser.fetch(origin + path)),
    ...['/orders', '/public/x'].map((path) => browser.navigate(origin + path, { follow: false })),
    ask(fronted, 'GET /ws', [...handshake, cookieOf(fronted), `Origin: ${origin}`]),
  ])
  for (const { status } of answers) t.ok(status >= 500, String(status))
  t.equal(heads().length, before)
}
