import t, { type Test } from 'tap'
import { ask, type Scene, type SceneOptions, startScene, valuesOf } from '../support/scene.ts'

const rules = [
  'path: /gold/**, access: authenticated, acr: [gold]',
  'path: /precious/**, access: authenticated, acr: [silver, gold], max_age: 5m',
  'path: /recent/**, access: authenticated, max_age: 5m',
  'path: /**, access: authenticated',
]

async function startSignedIn(t: Test, options: SceneOptions = {}): Promise<Scene> {
  const scene = await startScene(t, { routes: rules, ...options })
  await scene.browser.navigate(`${scene.gateway.origin}/plain`)
  return scene
}

const asked = ({ provider }: Scene) =>
  provider.authorizationRequests.map((each) => [each.get('acr_values'), each.get('max_age')])

t.test('a page that needs a stronger sign-in sends there once, and back to where it was', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser, provider, upstream } = scene
  const before = browser.cookiesFor(gateway.origin)
  provider.behaviour.authentication = { acr: 'gold' }
  const page = await browser.navigate(`${gateway.origin}/gold/vault?drawer=7`)
  t.equal(page.url, `${gateway.origin}/gold/vault?drawer=7`)
  t.equal(page.status, 200)
  t.strictSame(asked(scene), [
    [null, null],
    ['gold', null],
  ])
  t.match(upstream.bytes(), 'GET /gold/vault?drawer=7 HTTP/1.1')
  t.not(browser.cookiesFor(gateway.origin), before, 'the session is a new one')
  t.equal((await browser.navigate(`${gateway.origin}/gold/other`)).status, 200)
  t.equal(asked(scene).length, 2, 'and lasts')
})

t.test('whoever is not signed in at all is asked for the right sign-in at once', async (t) => {
  const scene = await startScene(t, { routes: rules })
  scene.provider.behaviour.authentication = { acr: 'silver' }
  const page = await scene.browser.navigate(`${scene.gateway.origin}/precious/x`)
  t.equal(page.status, 200)
  t.strictSame(asked(scene), [['silver gold', '300']])
})

t.test('a sign-in that is too long ago is done again', async (t) => {
  const scene = await startScene(t, { routes: rules })
  const { gateway, browser, provider } = scene
  provider.behaviour.authentication = { ago: 1000 }
  t.equal((await browser.navigate(`${gateway.origin}/plain`)).status, 200)
  provider.behaviour.authentication = { ago: 0 }
  t.equal((await browser.navigate(`${gateway.origin}/recent/x`)).status, 200)
  t.strictSame(asked(scene), [
    [null, null],
    [null, '300'],
  ])
  t.equal((await browser.navigate(`${gateway.origin}/recent/y`)).status, 200)
  t.equal(asked(scene).length, 2)
  gateway.advance(290)
  t.equal(
    (await browser.navigate(`${gateway.origin}/recent/y`)).status,
    200,
    'a refresh is no authentication, nor its end',
  )
  t.equal(asked(scene).length, 2)
})

t.test('a provider that does not do as asked ends in a page that says so, not in a circle', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser, provider, upstream } = scene
  provider.behaviour.honoursAcrValues = false
  for (const n of [1, 2]) {
    const page = await browser.navigate(`${gateway.origin}/gold/vault`)
    t.equal(page.url, `${gateway.origin}/gold/vault`)
    t.equal(page.status, 403)
    t.match(page.body, 'This page needs a stronger sign-in')
    t.match(page.body, 'alice@example.com')
    t.equal(asked(scene).length, 2, `asked once, at look ${n}`)
  }
  t.notMatch(upstream.bytes(), '/gold')
  const page = await browser.navigate(`${gateway.origin}/gold/vault`)
  const [, again = ''] = /href="([^"]*start[^"]*)"/.exec(page.body) ?? []
  provider.behaviour.honoursAcrValues = true
  provider.behaviour.authentication = { acr: 'gold' }
  const last = await browser.navigate(new URL(again.replaceAll('&amp;', '&'), gateway.origin).href)
  t.equal(last.url, `${gateway.origin}/gold/vault`)
  t.equal(last.status, 200, 'pressing the button asks once more')
  t.strictSame(asked(scene).at(-1), ['gold', null])
})

t.test('a provider that answers with an old sign-in ends the same way', async (t) => {
  const scene = await startScene(t, { routes: rules })
  const { gateway, browser } = scene
  // To this gateway the sign-ins of the provider always lie seven minutes back.
  gateway.advance(420)
  const page = await browser.navigate(`${gateway.origin}/recent/x`)
  t.equal(page.status, 403)
  t.match(page.body, 'You signed in too long ago for this page')
  t.equal((await browser.navigate(`${gateway.origin}/recent/x`)).status, 403)
  t.strictSame(asked(scene), [[null, '300']])
})

t.test('a limit that is shorter than the way to the provider ends the circle', async (t) => {
  const scene = await startScene(t, { routes: ['path: /**, access: authenticated, max_age: 1s'] })
  const { gateway, browser } = scene
  let page = await browser.navigate(`${gateway.origin}/x`, { follow: false })
  for (let hops = 0; page.status !== 403 && hops < 40; hops += 1) {
    // Whoever comes back takes two seconds more for the last step.
    if (page.url.includes('/oauth2/callback')) gateway.advance(2)
    page = await browser.navigate(new URL(page.headers.location as string, page.url).href, { follow: false })
  }
  t.equal(page.status, 403)
  t.match(page.body, 'too long ago')
  t.ok(asked(scene).length <= 4, String(asked(scene).length))
})

t.test('a script is told both parameters, and where a page could go for it', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser, upstream, provider } = scene
  const answer = await browser.fetch(`${gateway.origin}/precious/x`)
  t.equal(answer.status, 401)
  const challenge = String(answer.headers['www-authenticate'])
  t.match(
    challenge,
    /^Bearer realm="[^"]+", error="insufficient_user_authentication", error_description="[^"]+", acr_values="silver gold", max_age="300"$/,
  )
  t.match(answer.json(), {
    error: 'insufficient_user_authentication',
    acr_values: 'silver gold',
    max_age: 300,
    login_url: `${gateway.origin}/oauth2/start?acr_values=silver+gold&max_age=300`,
    reason: 'acr-insufficient',
  })
  t.notMatch(upstream.bytes(), '/precious')
  provider.behaviour.authentication = { acr: 'gold' }
  const { login_url: url } = answer.json() as { login_url: string }
  t.equal((await browser.navigate(`${url}&rd=/plain`)).url, `${gateway.origin}/plain`)
  t.strictSame(asked(scene).at(-1), ['silver gold', '300'])
  t.equal((await browser.fetch(`${gateway.origin}/precious/x`)).status, 200)
})

t.test('a form is not lost on the way, and a WebSocket is refused', async (t) => {
  const { gateway, browser } = await startSignedIn(t)
  const page = await browser.navigate(`${gateway.origin}/gold/form`, {
    method: 'POST',
    headers: { origin: gateway.origin },
    body: 'a=1',
  })
  t.equal(page.status, 401)
  t.match(page.body, 'Sign in once more to send this')
  t.match(page.body, 'acr_values=gold')
  const cookie = `Cookie: ${browser.cookiesFor(gateway.origin)}`
  const socket = await ask(gateway, 'GET /gold/ws', [
    ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', `Origin: ${gateway.origin}`, cookie],
  ])
  t.match(socket, /^HTTP\/1\.1 401 /)
  t.match(valuesOf(socket.split('\r\n'), 'www-authenticate')[0], 'insufficient_user_authentication')
})

t.test('an address cannot ask the provider for what no rule asks', async (t) => {
  const scene = await startScene(t, { routes: rules })
  const { gateway, browser } = scene
  const query =
    'acr_values=gold+platinum+gold&max_age=7&scope=admin&client_id=x&redirect_uri=https://evil.example&prompt=none'
  await browser.navigate(`${gateway.origin}/oauth2/start?${query}`, { stopAt: scene.provider.issuer })
  const location = new URL(browser.history.at(-1)?.headers.location as string)
  t.equal(location.searchParams.get('acr_values'), 'gold')
  t.equal(location.searchParams.get('max_age'), null)
  t.equal(location.searchParams.get('prompt'), null)
  t.equal(location.searchParams.get('client_id'), scene.provider.clientId)
  t.strictSame(location.searchParams.getAll('redirect_uri'), [`${gateway.origin}/oauth2/callback`])
})

t.test('somebody else who signs in on the way takes the place of the session', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser, provider, upstream } = scene
  provider.behaviour.authentication = { acr: 'gold' }
  const first = await browser.navigate(`${gateway.origin}/gold/x`, { follow: false })
  const other = new URL(first.headers.location as string)
  other.searchParams.set('login_hint', 'bob')
  for (const name of ['_session', '_session.sig']) browser.setCookie(provider.issuer, name, undefined)
  const page = await browser.navigate(other.href)
  t.equal(page.url, `${gateway.origin}/gold/x`)
  const [head = ''] = upstream
    .bytes()
    .split('\r\n\r\n')
    .filter((text) => text.includes('/gold/x'))
  t.strictSame(valuesOf(head.split('\r\n'), 'x-forwarded-user'), ['bob'])
})

t.test('a sign-in that the person gives up leaves the session as it was', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser } = scene
  const first = await browser.navigate(`${gateway.origin}/gold/x`, { follow: false })
  const denied = new URL(first.headers.location as string)
  denied.searchParams.set('login_hint', 'deny')
  const page = await browser.navigate(denied.href)
  t.equal(page.status, 403)
  t.match(page.body, 'Signing in was refused')
  t.equal((await browser.navigate(`${gateway.origin}/plain`)).status, 200)
})

t.test('a refresh is no authentication: what it leaves out about it stays as it was', async (t) => {
  const scene = await startScene(t, {
    routes: rules,
    provider: { accessTokenTtl: 300 },
    session: 'refresh_before: 20s',
  })
  const { gateway, browser, provider } = scene
  provider.behaviour.authentication = { acr: 'gold' }
  t.equal((await browser.navigate(`${gateway.origin}/gold/x`)).status, 200)
  gateway.advance(290)
  t.equal((await browser.navigate(`${gateway.origin}/gold/x`)).status, 200)
  t.equal(provider.tokenRequests.length, 2, 'refreshed')
  t.equal(asked(scene).length, 1)
})
