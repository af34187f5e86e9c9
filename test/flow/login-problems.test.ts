import t from 'tap'
import { createBrowser } from '../support/browser.ts'
import { headsAt, startScene, startSignedIn, valuesOf } from '../support/scene.ts'
import { users } from '../support/users.ts'

t.test('a refused sign-in is told with a way to try again', async (t) => {
  const { gateway, browser, upstream } = await startScene(t, { hint: 'deny' })
  const page = await browser.navigate(`${gateway.origin}/deep?x=1`)
  t.equal(page.status, 403)
  t.match(page.body, /Signing in was refused/)
  t.match(page.body, /href="\/oauth2\/start\?rd=[^"]*deep/)
  t.match(page.headers['content-security-policy'], "default-src 'none'")
  t.equal(page.headers['referrer-policy'], 'no-referrer')
  t.equal(upstream.connections.length, 0)
})

t.test('a provider that is down at the start or at the end of a login is told as that', async (t) => {
  const { gateway, browser, provider } = await startScene(t)
  await gateway.logged(/the provider is ready/)
  await provider.stop()
  await gateway.restart()
  for (const path of ['/deep', '/oauth2/start?rd=/deep']) {
    const page = await browser.navigate(gateway.origin + path, { follow: false })
    t.equal(page.status, 503, path)
    t.match(page.headers['retry-after'], /^\d+$/)
    t.match(page.body, /not possible right now/)
    t.match(page.body, /href="\/oauth2\/start\?rd=[^"]*deep/)
    t.strictSame(page.setCookies, [])
  }
  const api = await browser.navigate(`${gateway.origin}/oauth2/callback?state=x&code=y`, { follow: false })
  t.equal(api.status, 503, 'a callback that would begin again')
  await provider.restart()
  await gateway.logged(/the provider is ready[\s\S]*the provider is ready/)
  const answer = await browser.navigate(`${gateway.origin}/deep`, {
    stopAt: `${gateway.origin}/oauth2/callback`,
  })
  await provider.stop()
  const late = await browser.navigate(answer.headers.location as string)
  t.equal(late.status, 503)
  await provider.restart()
  gateway.advance(60)
  t.equal((await browser.navigate(`${gateway.origin}/deep`)).status, 200, 'and all is well again')
})

t.test('what can go wrong with the code says whose mistake it is', async (t) => {
  const { gateway, provider, upstream } = await startScene(t)
  const rows: [number, unknown, number, RegExp][] = [
    [400, { error: 'invalid_grant' }, 502, /cannot be accepted/],
    [401, { error: 'invalid_client' }, 502, /not set up correctly/],
    [500, 'oops', 503, /not possible right now/],
    [200, { access_token: 'x' }, 502, /cannot be accepted/],
    [302, '', 502, /cannot be accepted/],
  ]
  for (const [status, body, seen, text] of rows) {
    provider.behaviour.respond = (path) =>
      path === '/token' ? { status, body, headers: { location: '/' } } : undefined
    const browser = createBrowser()
    const page = await browser.navigate(`${gateway.origin}/`)
    t.equal(page.status, seen, `${status} ${JSON.stringify(body)}`)
    t.match(page.body, text)
    t.equal(browser.cookiesFor(gateway.origin), '', 'no session, no login')
  }
  t.equal(upstream.connections.length, 0)
})

t.test('a session that does not fit is told on a page, at the login and at a refresh', async (t) => {
  const groups = (count: number) =>
    Array.from({ length: count }, (_, index) => `group-${index}-${'x'.repeat(40)}`)
  const people = { alice: { scopes: [], claims: { ...users['alice']?.claims, groups: groups(500) } } }
  const { gateway, browser, provider } = await startScene(t, {
    provider: { users: people, accessTokenTtl: 300 },
  })
  const page = await browser.navigate(`${gateway.origin}/deep`)
  t.equal(page.status, 500)
  t.match(page.body, /does not fit into a cookie[\s\S]*max_chunks/)
  t.equal(browser.cookiesFor(gateway.origin), '')
  t.ok(
    gateway
      .logs()
      .some(({ err }) => /raise session.cookie.max_chunks/.test(String((err as Error | undefined)?.message))),
  )

  people.alice.claims.groups = []
  t.equal((await browser.navigate(`${gateway.origin}/deep`)).status, 200)
  people.alice.claims.groups = groups(500)
  gateway.advance(301)
  const refreshed = await browser.navigate(`${gateway.origin}/deep`)
  t.equal(refreshed.status, 500)
  t.match(refreshed.body, /does not fit into a cookie/)
  t.equal(provider.tokenRequests.length, 3)
})

t.test('a browser that does not keep the session is told after three logins', async (t) => {
  const { gateway, browser, upstream } = await startScene(t)
  for (let round = 0; round < 3; round += 1) {
    t.equal((await browser.navigate(`${gateway.origin}/deep`)).status, 200)
    browser.setCookie(gateway.origin, 'postern', undefined)
  }
  const { length } = headsAt(upstream)
  const page = await browser.navigate(`${gateway.origin}/deep`)
  t.equal(page.status, 400)
  t.match(page.body, /did not bring the sign-in back/)
  t.equal(headsAt(upstream).length, length)
  t.equal(
    (await browser.navigate(`${gateway.origin}/oauth2/start?rd=/deep`)).status,
    200,
    'trying again counts anew',
  )
  browser.setCookie(gateway.origin, 'postern', undefined)
  browser.setCookie(gateway.origin, 'postern_logins', 'nonsense')
  t.equal((await browser.navigate(`${gateway.origin}/deep`)).status, 200, 'a forged count decides nothing')
})

t.test('a session is new at every login, whatever the browser brought along', async (t) => {
  const { gateway, browser } = await startSignedIn(t)
  const victim = createBrowser()
  victim.setCookie(
    gateway.origin,
    'postern',
    browser.cookiesFor(gateway.origin).match(/postern=([^;]+)/)?.[1],
  )
  await victim.navigate(`${gateway.origin}/oauth2/start?rd=/`)
  const [own, given] = [victim, browser].map(
    (one) => one.cookiesFor(gateway.origin).match(/postern=([^;]+)/)?.[1],
  )
  t.ok(own)
  t.not(own, given)
})

t.test('signing in as somebody else replaces and ends the session before', async (t) => {
  const { gateway, browser, provider, upstream } = await startScene(t, { hint: '' })
  const choose = async (url: string, login: string) => browser.submit(await browser.navigate(url), { login })
  await choose(`${gateway.origin}/a`, 'alice')
  const old = browser.clone()
  browser.setCookie(provider.issuer, '_session', undefined)
  browser.setCookie(provider.issuer, '_session.sig', undefined)
  const page = await choose(`${gateway.origin}/oauth2/start?rd=/b`, 'bob')
  t.strictSame([page.status, page.url], [200, `${gateway.origin}/b`])
  const heads = headsAt(upstream)
  t.strictSame(valuesOf(heads[0], 'x-forwarded-user'), ['alice'])
  t.strictSame(valuesOf(heads[1], 'x-forwarded-user'), ['bob'])
  t.strictSame(valuesOf(heads[1], 'x-forwarded-groups'), [''], 'nothing of alice is left')
  t.equal((await old.fetch(`${gateway.origin}/c`)).status, 401, 'the session of alice is over')
  t.match(
    provider.revocations.map(({ parameters }) => parameters['token_type_hint']),
    ['refresh_token', 'access_token'],
  )
})
