import t from 'tap'
import { createBrowser } from '../support/browser.ts'
import { ask, headsAt, startScene, valuesOf } from '../support/scene.ts'

t.test('each public origin has its own callback and its own session', async (t) => {
  const { gateway, browser, upstream } = await startScene(t, {
    publicUrls: (port) => [`http://localhost:${port}`, `http://127.0.0.1:${port}`],
  })
  const other = `http://127.0.0.1:${gateway.port}`
  for (const origin of [gateway.origin, other]) {
    const answer = await browser.navigate(`${origin}/deep`, { follow: false })
    const callback = new URL(answer.headers.location as string).searchParams.get('redirect_uri')
    t.equal(callback, `${origin}/oauth2/callback`)
    const page = await browser.navigate(`${origin}/deep`)
    t.strictSame([page.status, page.url], [200, `${origin}/deep`])
    t.strictSame(valuesOf(headsAt(upstream).at(-1), 'x-forwarded-host'), [origin.slice(7)])
  }
  t.notMatch(browser.history.flatMap(({ setCookies }) => setCookies).join('\n'), /Domain/)
  const back = await browser.clone().navigate(`${gateway.origin}/oauth2/start?rd=${other}/elsewhere`)
  t.equal(back.url, `${other}/elsewhere`, 'a target on another origin of ours')
  await browser.fetch(`${other}/oauth2/sign_out`, { method: 'POST' })
  t.equal((await browser.fetch(`${other}/x`)).status, 401)
  t.equal((await browser.fetch(`${gateway.origin}/x`)).status, 200)
})

t.test('hosts below the cookie domain share one session', async (t) => {
  const { gateway, upstream, ...scene } = await startScene(t, {
    session: 'cookie: { name: postern, domain: app.localhost }',
    publicUrls: (port) => [`http://app.localhost:${port}`],
    routes: [
      'path: /**, access: authenticated',
      'path: /**, host: "*.app.localhost", access: authenticated',
      'path: /only, host: api.app.localhost, access: public',
    ],
  })
  const app = `http://app.localhost:${gateway.port}`
  const api = `http://api.app.localhost:${gateway.port}`
  const page = await scene.browser.navigate(`${api}/deep`)
  t.strictSame(
    [page.status, page.url],
    [200, `${api}/deep`],
    'there and back through the callback of the first origin',
  )
  t.match(page.url, api)
  t.equal((await scene.browser.fetch(`${app}/x`)).status, 200)
  t.ok(
    scene.browser.history
      .flatMap(({ setCookies }) => setCookies)
      .every((line) => !/postern/.test(line) || /Domain=app\.localhost/.test(line)),
  )
  const post = { method: 'POST', headers: { origin: api, 'sec-fetch-site': 'same-origin' } }
  t.equal((await scene.browser.fetch(`${api}/x`, post)).status, 200, 'a shared host is an origin of ours')
  t.equal((await createBrowser().fetch(`${api}/only`)).status, 200)
  t.equal((await createBrowser().fetch(`${app}/only`)).status, 401)
  const { length } = headsAt(upstream)
  for (const host of ['evilapp.localhost', 'app.localhost.evil.test', 'xapp.localhost']) {
    t.match(await ask(gateway, 'GET /x', [`Host: ${host}:${gateway.port}`]), /^HTTP\/1\.1 421 /, host)
  }
  const lost = await createBrowser().navigate(`${app}/oauth2/callback?code=x&state=x.again`)
  t.match(lost.body, /did not bring the sign-in back/)
  await scene.browser.fetch(`${api}/oauth2/sign_out`, { method: 'POST' })
  t.equal((await scene.browser.fetch(`${app}/x`)).status, 401, 'and signing out ends it for all')
  t.equal(headsAt(upstream).length, length)
})

t.test('a host that only a rule names is served, and logs in at the first origin', async (t) => {
  const { gateway, upstream } = await startScene(t, {
    routes: ['path: /**, access: authenticated', 'path: /p, host: internal.test, access: public'],
  })
  const host = ['Host: internal.test', 'Accept: text/html']
  t.match(await ask(gateway, 'GET /p', host), /^HTTP\/1\.1 200 /)
  const login = await ask(gateway, 'GET /x', host)
  t.match(login, /^HTTP\/1\.1 302 /)
  t.match(login, encodeURIComponent(`${gateway.origin}/oauth2/callback`))
  t.match(
    await ask(gateway, 'GET /x', ['Host: internal.test']),
    `"login_url":"${gateway.origin}/oauth2/start"`,
  )
  for (const endpoint of ['start', 'sign_in', 'sign_out', 'signed_out', 'userinfo', 'callback?state=x']) {
    const answer = await ask(gateway, `GET /oauth2/${endpoint}`, host)
    t.match(answer, /^HTTP\/1\.1 (?:200|302|401) /, endpoint)
  }
  t.equal(headsAt(upstream).length, 1)
})

t.test('behind https the cookies are Secure and bound to the host', async (t) => {
  const { gateway } = await startScene(t, {
    publicUrls: () => ['https://app.example.com'],
    server: 'trusted_proxies: [127.0.0.1]',
  })
  const host = ['Host: app.example.com', 'X-Forwarded-Proto: https', 'Accept: text/html']
  const login = await ask(gateway, 'GET /x', host)
  t.match(
    login,
    /\r\nset-cookie: __Host-postern\.login\.\S+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax\r\n/i,
  )
  const out = await ask(gateway, 'POST /oauth2/sign_out', [
    ...host,
    'Cookie: __Host-postern=x',
    'Content-Length: 0',
  ])
  t.match(out, /\r\nset-cookie: __Host-postern=; [^\r]*; HttpOnly; Secure; /i)
  const plain = ['Host: app.example.com', 'X-Forwarded-Proto: http', 'Accept: text/html']
  const lost = await ask(gateway, 'GET /oauth2/callback?code=x&state=x.again', plain)
  t.match(lost, /plain http/, 'the page names the cause')
})

t.test('a gateway starts while its provider is down, says so, and recovers by itself', async (t) => {
  const { gateway, browser, provider } = await startScene(t)
  const ready = async () => browser.fetch(`${gateway.admin}/readyz`)
  await gateway.logged(/the provider is ready/)
  t.match((await ready()).json(), { status: 'ready' })
  await provider.stop()
  await gateway.restart()
  await gateway.logged(/discovery failed/)
  const down = await ready()
  t.equal(down.status, 503)
  t.match(down.json(), {
    status: 'not-ready',
    checks: { provider: { ok: false, reason: /discovery failed/ } },
  })
  t.equal((await browser.fetch(`${gateway.admin}/healthz`)).status, 200)
  t.equal((await browser.fetch(`${gateway.origin}/x`)).status, 401)
  await provider.restart()
  await gateway.logged(/the provider is ready[\s\S]*the provider is ready/)
  t.equal((await ready()).status, 200)
  t.equal((await browser.navigate(`${gateway.origin}/x`)).status, 200)
  t.match(await ask(gateway, 'GET /metrics'), /^HTTP\/1\.1 401 /, 'nothing of it is on the public listener')
})
