import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { check, forwarded } from '../support/check.ts'
import { cookieLine, type SceneOptions, startSignedIn } from '../support/scene.ts'
import { type User, users } from '../support/users.ts'

const alice = users['alice'] as User
/** Too many for one cookie, and nothing that could be compressed. */
const manyGroups = Array.from({ length: 45 }, (_, index) =>
  createHash('sha256').update(String(index)).digest('hex'),
)
const server = 'trusted_proxies: [127.0.0.1]'
const navigation = ['Accept: text/html', 'Sec-Fetch-Mode: navigate']

/** Alice, signed in behind a proxy that asks; her access token lives 300 seconds, her refresh token works once. */
async function signedIn(t: Test, forwardAuth: string, options: SceneOptions = {}) {
  const scene = await startSignedIn(t, {
    server,
    forwardAuth,
    ...options,
    provider: { accessTokenTtl: 300, ...options.provider },
  })
  const { gateway, browser, provider } = scene
  const ask = (target = '/', headers: readonly string[] = []) =>
    check(gateway, [...forwarded(gateway, target), cookieLine({ gateway, browser }), ...headers])
  const refreshes = () =>
    provider.tokenRequests.filter(({ parameters }) => parameters['grant_type'] === 'refresh_token').length
  return { ...scene, ask, refreshes }
}

t.test('50 checks at expiry refresh once, and the proxy may pass the new cookie on', async (t) => {
  const { gateway, ask, browser, refreshes } = await signedIn(t, 'preset: haproxy')
  gateway.advance(301)
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask()))
  t.ok(answers.every(({ status }) => status === 200))
  t.equal(refreshes(), 1)
  t.ok(answers.every(({ headers }) => headers['set-cookie']?.length === 1))
  const [line = ''] = answers[0]?.headers['set-cookie'] ?? []
  browser.setCookie(gateway.origin, 'postern', /^postern=([^;]+)/.exec(line)?.[1])
  t.equal((await ask()).headers['set-cookie'], undefined)
  gateway.advance(301)
  t.equal((await ask()).status, 200)
  t.equal(refreshes(), 2)
})

t.test('where cookies are dropped, the old one serves through many refreshes', async (t) => {
  const { gateway, ask, refreshes } = await signedIn(t, 'preset: caddy')
  for (let round = 1; round <= 5; round++) {
    gateway.advance(301)
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask()))
    t.ok(answers.every(({ status, headers }) => status === 200 && headers['set-cookie'] === undefined))
    t.equal(refreshes(), round)
  }
})

t.test('a page view goes once by our own endpoint, and comes back with the new cookie', async (t) => {
  const { gateway, ask, browser, refreshes } = await signedIn(t, 'preset: caddy')
  gateway.advance(301)
  t.equal((await ask('/data')).status, 200, 'a script is not sent anywhere')
  const detour = await ask('/page?a=1', navigation)
  t.equal(detour.status, 302)
  const [location = ''] = detour.headers['location'] ?? []
  t.equal(location, `${gateway.origin}/oauth2/renew?rd=${encodeURIComponent(`${gateway.origin}/page?a=1`)}`)
  t.equal((await ask('/page?a=1', navigation)).status, 200, 'once, whatever comes of it')
  const back = await browser.navigate(location, { follow: false })
  t.equal(back.status, 303)
  t.equal(back.headers.location, `${gateway.origin}/page?a=1`)
  t.equal(back.setCookies.length, 1)
  t.equal((await ask('/', navigation)).status, 200)
  gateway.advance(240)
  t.equal((await ask()).status, 200)
  t.equal(refreshes(), 2, 'the new cookie goes on by itself')
})

t.test('whoever is at work is not signed out for idleness, cookie or no cookie', async (t) => {
  const { gateway, ask, browser } = await signedIn(t, 'preset: caddy, token: none', {
    session: 'idle_timeout: 10m',
  })
  for (let minute = 0; minute < 30; minute += 5) {
    gateway.advance(300)
    t.equal((await ask()).status, 200)
  }
  const [location = ''] = (await ask('/', navigation)).headers['location'] ?? []
  t.match(location, '/oauth2/renew?')
  t.equal((await browser.navigate(location, { follow: false })).setCookies.length, 1)
  t.equal((await ask('/', navigation)).status, 200)
  gateway.advance(601)
  t.equal((await ask()).status, 401, 'whoever is idle is')
})

t.test('a session that needs several cookies is never sent in part', async (t) => {
  const { gateway, ask, refreshes } = await signedIn(t, 'preset: haproxy', {
    provider: { users: { alice: { scopes: alice.scopes, claims: { ...alice.claims, groups: manyGroups } } } },
    session: 'cookie: { name: postern, max_chunks: 8 }',
  })
  gateway.advance(301)
  const answers = [await ask(), await ask(), await ask('/', navigation)]
  t.ok(answers.every(({ status, headers }) => status === 200 && headers['set-cookie'] === undefined))
  t.equal(refreshes(), 1)
})

t.test('renew without a session only sends back, and nowhere else', async (t) => {
  const { gateway, browser } = await signedIn(t, 'preset: caddy')
  const stranger = browser.clone()
  stranger.setCookie(gateway.origin, 'postern', undefined)
  const there = await stranger.navigate(`${gateway.origin}/oauth2/renew?rd=https://evil.test/`, {
    follow: false,
  })
  t.equal(there.headers.location, `${gateway.origin}/`)
  t.strictSame(there.setCookies, [])
})
