import t, { type Test } from 'tap'
import { type Browser, type BrowserResponse, createBrowser } from '../support/browser.ts'
import { startGateway } from '../support/gateway.ts'
import { startHostileProvider } from '../support/hostile-provider.ts'
import { startRecorder } from '../support/recorder.ts'
import { headsAt, type SceneOptions, startScene } from '../support/scene.ts'
import { users } from '../support/users.ts'

const routes = [
  'path: /read/**, scopes: ["orders:read"], on_missing_scope: request',
  'path: /write/**, scopes: ["orders:read", "orders:write"], on_missing_scope: request',
  'path: /admin/**, scopes: [admin], on_missing_scope: request',
  'path: /any/**, any_scope: [admin, api.read], on_missing_scope: request',
  'path: /mixed/**, scopes: [admin], any_scope: [api.write, admin], on_missing_scope: request',
  'path: /staff/**, scopes: [api.read], claims: { groups: [managers] }, on_missing_scope: request',
  'path: /strict/**, scopes: [admin]',
  'path: /**, access: authenticated',
]

const configured = 'openid profile email'

/** A scene whose logins ask for few scopes; `asked` gives what each authorization request so far asked for beyond those. */
async function start(t: Test, options: SceneOptions = {}) {
  const providerKeys = 'scopes: [openid, profile, email]'
  const scene = await startScene(t, { routes, providerKeys, ...options })
  const { gateway, provider, browser } = scene
  return {
    ...scene,
    origin: gateway.origin,
    go: (path: string) => browser.navigate(gateway.origin + path),
    asked: () => scopesAskedAt(`${provider.issuer}/auth`, browser),
    scopes: async () => {
      const info = await browser.fetch(`${gateway.origin}/oauth2/userinfo`)
      return [...(info.json() as { scopes: string[] }).scopes].sort().join(' ')
    },
  }
}

function scopesAskedAt(endpoint: string, browser: Browser): string[] {
  const urls = browser.history.map(({ url }) => new URL(url))
  return urls
    .filter(({ origin, pathname }) => origin + pathname === endpoint)
    .map(({ searchParams }) => String(searchParams.get('scope')).replace(configured, '').trim())
}

function buttonOf({ body, url }: BrowserResponse): string {
  const [, href = ''] = body.match(/<a class="button"[^>]* href="([^"]*)"/) ?? []
  return new URL(href.replaceAll('&amp;', '&'), url).href
}

t.test('a page that lacks a scope asks for it once, and is reached exactly', async (t) => {
  const { go, asked, scopes, upstream, browser, origin, gateway } = await start(t)
  t.equal((await go('/home')).status, 200)
  t.equal(await scopes(), 'email openid profile')
  const before = browser.cookiesFor(origin)
  const deep = '/write/7?tab=a%2Fb&x=//y'
  const page = await go(deep)
  t.equal(page.status, 200)
  t.equal(page.url, origin + deep)
  t.equal(headsAt(upstream).at(-1)?.[0], `GET ${deep} HTTP/1.1`)
  t.strictSame(asked(), ['', 'orders:read orders:write'])
  t.equal(await scopes(), 'email openid orders:read orders:write profile')
  t.not(browser.cookiesFor(origin), before)
  t.ok(gateway.logs().some(({ path, reason }) => path === '/write/7' && reason === 'missing-scope'))
  for (const path of ['/read', '/write', '/home']) t.equal((await go(path)).status, 200)
  t.equal(asked().length, 2)
})

t.test('without a session the first login asks for it at once', async (t) => {
  const { go, asked } = await start(t)
  t.equal((await go('/read/x')).status, 200)
  t.equal((await go('/read/x')).status, 200)
  t.strictSame(asked(), ['orders:read'])
})

t.test('what was granted on demand before is kept by each later login', async (t) => {
  const { go, asked, scopes, browser, origin } = await start(t)
  for (const path of ['/home', '/read', '/any', '/write']) t.equal((await go(path)).status, 200, path)
  t.strictSame(asked(), [
    '',
    'orders:read',
    'admin api.read orders:read',
    'orders:read orders:write api.read',
  ])
  t.equal(await scopes(), 'api.read email openid orders:read orders:write profile')
  await go('/oauth2/start')
  t.equal(
    await scopes(),
    'api.read email openid orders:read orders:write profile',
    'by one begun by hand too',
  )
  t.equal((await browser.fetch(`${origin}/read`)).status, 200)
  t.equal(asked().length, 5)
})

t.test('a scope that is not granted ends in a page that says so, after one trip', async (t) => {
  const people = { alice: { scopes: ['orders:read'], claims: users['alice']?.claims ?? {} } }
  const { go, asked, origin, browser, upstream } = await start(t, { provider: { users: people } })
  await go('/home')
  const { length } = headsAt(upstream)
  const refused = await go('/admin/x?n=1')
  t.equal(refused.status, 403)
  t.equal(refused.url, `${origin}/admin/x?n=1`)
  t.match(refused.body, /You do not have access[\s\S]*<code>admin<\/code>[\s\S]*Ask for permission again/)
  t.match(refused.headers['www-authenticate'], 'error="insufficient_scope"')
  t.equal((await go('/admin/y')).status, 403)
  t.strictSame(asked(), ['', 'admin'])
  t.equal(headsAt(upstream).length, length)

  t.equal((await go('/read')).status, 200, 'another one may be asked for')
  t.equal((await go('/admin/z')).status, 403)
  t.equal(asked().length, 3, 'and the first is not asked for again because of it')

  t.equal((await browser.navigate(buttonOf(refused))).status, 403)
  t.strictSame(asked().slice(3), ['admin orders:read'], 'the button asks again when it is pressed')
  people.alice.scopes.push('admin')
  const page = await browser.navigate(buttonOf(refused))
  t.equal(page.status, 200)
  t.equal(page.url, `${origin}/admin/x?n=1`)
  t.equal(asked().length, 5)
})

t.test('half of what a page needs is not enough, and asked for once', async (t) => {
  const people = { alice: { scopes: ['orders:read'], claims: {} } }
  const { go, asked } = await start(t, { provider: { users: people } })
  const page = await go('/write')
  t.equal(page.status, 403)
  t.notMatch(page.body, '<code>orders:read</code>')
  t.match(page.body, '<code>orders:write</code>')
  for (const path of ['/write', '/write']) t.equal((await go(path)).status, 403)
  t.equal((await go('/read')).status, 200)
  t.strictSame(asked(), ['orders:read orders:write'])
})

t.test('a program is told what is missing and where to ask for it', async (t) => {
  const { go, origin, browser, asked } = await start(t)
  await go('/home')
  const rows = [
    ['/write/x', 'orders:read orders:write', { scopes: ['orders:read', 'orders:write'] }],
    ['/any/x', 'admin api.read', { any_scope: ['admin', 'api.read'] }],
    ['/mixed/x', 'admin api.write', { scopes: ['admin'], any_scope: ['api.write', 'admin'] }],
  ] as const
  for (const [path, scope, missing] of rows) {
    const answer = await browser.fetch(origin + path)
    t.equal(answer.status, 403, path)
    t.equal(
      answer.headers['www-authenticate'],
      `Bearer realm="${origin}", error="insufficient_scope", ` +
        `error_description="More scope is needed than was granted", scope="${scope}"`,
    )
    const body = answer.json() as Record<string, unknown>
    t.match(body, { error: 'insufficient_scope', scope, reason: 'missing-scope', missing })
    const loginUrl = new URL(String(body['login_url']))
    t.equal(loginUrl.pathname, '/oauth2/start')
    t.strictSame(new Set(loginUrl.searchParams.get('scope')?.split(' ')), new Set(scope.split(' ')))
  }
  const strict = (await browser.fetch(`${origin}/strict`)).json() as object
  t.notOk('login_url' in strict, 'a rule that never asks')
  t.strictSame(asked(), [''])
  const { login_url: loginUrl } = (await browser.fetch(`${origin}/write`)).json() as { login_url: string }
  await browser.navigate(loginUrl)
  t.equal((await browser.fetch(`${origin}/write`)).status, 200)
  t.strictSame(asked(), ['', 'orders:read orders:write'])
})

t.test('alternatives of which there is one are not named as missing', async (t) => {
  const { go, browser, origin } = await start(t, { providerKeys: 'scopes: [openid, api.write]' })
  await go('/home')
  const answer = await browser.fetch(`${origin}/mixed`)
  t.equal(answer.status, 403)
  t.match(answer.headers['www-authenticate'], /, scope="admin"$/)
  t.strictSame((answer.json() as { missing: unknown }).missing, { scopes: ['admin'] })
})

t.test('a rule that does not ask refuses at once, and a claim is nothing to ask for', async (t) => {
  const { go, asked, browser, origin } = await start(t)
  await go('/home')
  const strict = await go('/strict')
  t.equal(strict.status, 403)
  t.notMatch(strict.body, 'Ask for permission')
  const staff = await go('/staff')
  t.equal(staff.status, 403)
  t.match(staff.body, /Missing or different[\s\S]*groups/)
  t.notMatch(staff.body, 'Ask for permission')
  const api = (await browser.fetch(`${origin}/staff`)).json() as object
  t.match(api, { reason: 'missing-claim', missing: { claims: ['groups'] } })
  t.notOk('login_url' in api || 'scope' in api)
  t.strictSame(asked(), ['', 'api.read'])
})

t.test('a form that lacks a scope is refused, and its button leads to no form', async (t) => {
  const { go, origin, browser, asked, upstream } = await start(t)
  await go('/home')
  const { length } = headsAt(upstream)
  const headers = { origin, 'content-type': 'text/plain' }
  const page = await browser.navigate(`${origin}/read/form`, { method: 'POST', headers, body: 'a=1' })
  t.equal(page.status, 403)
  t.equal(buttonOf(page), `${origin}/oauth2/start?rd=%2F&scope=orders%3Aread`)
  t.strictSame(asked(), [''])
  t.equal(headsAt(upstream).length, length)
})

t.test('a provider that says no leaves the session as it was', async (t) => {
  const { browser, origin, scopes } = await start(t, { hint: '' })
  await browser.submit(await browser.navigate(`${origin}/read`), { login: 'alice' })
  const before = browser.cookiesFor(origin)
  const sent = await browser.navigate(`${origin}/admin`, { follow: false })
  const request = new URL(String(sent.headers.location))
  const answer = new URL(String(request.searchParams.get('redirect_uri')))
  answer.search = String(
    new URLSearchParams({ error: 'access_denied', state: String(request.searchParams.get('state')) }),
  )
  // As an issuer that names itself must (RFC 9207).
  answer.searchParams.set('iss', request.origin)
  const denied = await browser.navigate(answer.href)
  t.equal(denied.status, 403)
  t.match(denied.body, /Signing in was refused/)
  t.equal(browser.cookiesFor(origin), before)
  t.equal((await browser.navigate(`${origin}/read`)).status, 200)
  t.equal(await scopes(), 'email openid orders:read profile')
})

t.test('somebody else gets no scope that was granted before', async (t) => {
  const { browser, origin, scopes, provider } = await start(t, { hint: '' })
  await browser.submit(await browser.navigate(`${origin}/write`), { login: 'alice' })
  t.match(await scopes(), 'orders:write')
  // Signed out at the provider, as happens there after a while.
  for (const name of ['_session', '_session.sig']) browser.setCookie(provider.issuer, name, undefined)
  await browser.submit(await browser.navigate(`${origin}/oauth2/start`), { login: 'bob' })
  t.equal(await scopes(), 'email openid orders:read profile')
  t.match((await browser.fetch(`${origin}/oauth2/userinfo`)).json(), { sub: 'bob' })
})

t.test('no answer of a provider makes a loop', async (t) => {
  const op = await startHostileProvider(t)
  const upstream = await startRecorder('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  t.teardown(upstream.close)
  const provider = { ...op, redirectUris: new Set<string>() }
  const gateway = await startGateway(t, { provider, upstream: upstream.origin, routes })
  const visit = async (scope: unknown, ...paths: string[]) => {
    op.deviations.token = { scope }
    const browser = createBrowser()
    const statuses = []
    for (const path of paths) statuses.push((await browser.navigate(gateway.origin + path)).status)
    return [...statuses, scopesAskedAt(`${op.issuer}/authorize`, browser).length]
  }
  const paths = ['/read', '/write', '/admin', '/read', '/write', '/admin']
  t.strictSame(await visit('openid', ...paths), [403, 403, 403, 403, 403, 403, 3])
  t.strictSame(await visit('', ...paths), [403, 403, 403, 403, 403, 403, 3])
  t.strictSame(await visit('orders:read', ...paths), [200, 403, 403, 200, 403, 403, 3])
  t.strictSame(await visit('ORDERS:READ', '/read', '/read'), [403, 403, 1])
  t.strictSame(
    await visit(undefined, ...paths),
    [200, 200, 200, 200, 200, 200, 3],
    'no scope: what was asked for',
  )
  t.equal(op.count('token'), 13)
})

t.test('a session with the scope that does not come back ends in a page, not in a loop', async (t) => {
  const { browser, origin, asked, go } = await start(t)
  await go('/home')
  const kept = browser.cookiesFor(origin).match(/postern=([^;]+)/)?.[1]
  for (let round = 0; round < 3; round += 1) {
    await browser.navigate(`${origin}/write`, { stopAt: `${origin}/write` })
    browser.setCookie(origin, 'postern', kept)
  }
  const refused = await go('/write')
  t.equal(refused.status, 403)
  t.match(refused.body, /<code>orders:write<\/code>[\s\S]*Ask for permission again/)
  t.strictSame(asked(), ['', ...Array(3).fill('orders:read orders:write')])
})
