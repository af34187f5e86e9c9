import t, { type Test } from 'tap'
import { type Browser, type BrowserResponse, createBrowser } from '../support/browser.ts'
import { startGateway } from '../support/gateway.ts'
import { type Deviations, startHostileProvider } from '../support/hostile-provider.ts'
import type { AcrOf } from '../support/provider.ts'
import { startRecorder } from '../support/recorder.ts'
import { ask, cookieLine, headsAt, type SceneOptions, startScene, valuesOf } from '../support/scene.ts'

const routes = [
  'path: /mfa/**, access: authenticated, acr: [mfa, hw]',
  'path: /hw/**, access: authenticated, acr: [hw]',
  'path: /recent/**, access: authenticated, max_age: 5m',
  'path: /both/**, access: authenticated, acr: [mfa], max_age: 5m',
  'path: /quick/**, access: authenticated, max_age: 1s',
  'path: /json/**, access: authenticated, acr: [mfa], on_unauthenticated: challenge',
  'path: /orders/**, scopes: ["orders:write"], on_missing_scope: request',
  'path: /**, access: authenticated',
]

const deep = '/x/y?tab=a%2Fb&z=//w&q=%C3%A9'

/** What the best wish comes to, and a password where nobody wishes for anything. */
const obliging: AcrOf = (_user, [wanted = 'pwd']) => wanted
const onlyPasswords: AcrOf = () => 'pwd'

/** A scene with a provider that knows contexts; `asked` gives what each authorization request so far asked for. */
async function start(t: Test, of: AcrOf = obliging, options: SceneOptions = {}) {
  const acr = { values: ['pwd', 'mfa', 'hw'], of }
  const scene = await startScene(t, { routes, provider: { acr }, ...options })
  const { gateway, provider, browser } = scene
  return {
    ...scene,
    origin: gateway.origin,
    go: (path: string) => browser.navigate(gateway.origin + path),
    asked: () => requestsTo(`${provider.issuer}/auth`, browser),
  }
}

/** `acr_values` and `max_age` of each authorization request that a browser made. */
function requestsTo(endpoint: string, browser: Browser): string[] {
  const urls = browser.history.map(({ url }) => new URL(url))
  return urls
    .filter(({ origin, pathname }) => origin + pathname === endpoint)
    .map(({ searchParams }) => `${searchParams.get('acr_values')} ${searchParams.get('max_age')}`)
}

/** Where a button of a page leads. */
function buttonOf({ body, url }: BrowserResponse): string {
  const [, href = ''] = body.match(/<a class="button"[^>]* href="([^"]*)"/) ?? []
  return new URL(href.replaceAll('&amp;', '&'), url).href
}

t.test('a page that needs a stronger sign-in is asked for once, and reached exactly', async (t) => {
  const { go, asked, origin, upstream, browser } = await start(t)
  t.equal((await go('/home')).status, 200)
  const before = browser.cookiesFor(origin)
  const sent = await browser.navigate(`${origin}/mfa${deep}`, { follow: false })
  t.equal(sent.status, 302)
  t.equal(sent.headers['cache-control'], 'no-store')
  t.equal(browser.cookiesFor(origin).includes(before), true, 'the session stays until there is a better one')

  const page = await go(`/mfa${deep}`)
  t.equal(page.status, 200)
  t.equal(page.url, `${origin}/mfa${deep}`)
  t.equal(headsAt(upstream).at(-1)?.[0], `GET /mfa${deep} HTTP/1.1`)
  t.strictSame(asked(), ['null null', 'mfa hw null'])

  for (const path of ['/mfa/again', '/both', '/home']) t.equal((await go(path)).status, 200, path)
  t.equal((await browser.fetch(`${origin}/mfa/api`)).status, 200)
  t.strictSame(asked(), ['null null', 'mfa hw null', 'mfa 300'], '/both had no auth_time yet')
})

t.test('without a session the first login asks for it at once', async (t) => {
  const { go, asked, gateway } = await start(t)
  t.equal((await go('/both/x')).status, 200)
  t.strictSame(asked(), ['mfa 300'])
  t.ok(gateway.logs().some(({ path, reason }) => path === '/both/x' && reason === 'no-session'))
})

t.test('a sign-in that is too long ago is repeated, and only then', async (t) => {
  const { go, asked, provider } = await start(t)
  provider.behaviour.signedInAgo = 400
  t.equal((await go('/home')).status, 200)
  provider.behaviour.signedInAgo = 0
  const page = await go('/recent/x?n=1')
  t.equal(page.status, 200)
  t.match(page.url, /\/recent\/x\?n=1$/)
  t.equal((await go('/recent/y')).status, 200)
  t.strictSame(asked(), ['null null', 'null 300'])
})

t.test('a program is told what is needed, in the header and as JSON', async (t) => {
  const { go, origin, browser, asked, upstream } = await start(t)
  await go('/home')
  const { length } = headsAt(upstream)
  const rows = [
    ['/mfa/x', 'acr-insufficient', { acr_values: 'mfa hw' }, 'acr_values=mfa+hw'],
    ['/recent/x', 'authentication-too-old', { max_age: 300 }, 'max_age=300'],
    ['/both/x', 'acr-insufficient', { acr_values: 'mfa', max_age: 300 }, 'acr_values=mfa&max_age=300'],
  ] as const
  for (const [path, reason, parameters, query] of rows) {
    const answer = await browser.fetch(origin + path)
    t.equal(answer.status, 401)
    const quoted = Object.entries(parameters).map(([name, value]) => `, ${name}="${value}"`)
    t.equal(
      answer.headers['www-authenticate'],
      `Bearer realm="${origin}", error="insufficient_user_authentication", ` +
        `error_description="A stronger or more recent authentication is needed"${quoted.join('')}`,
    )
    const body = answer.json() as Record<string, unknown>
    t.match(body, {
      error: 'insufficient_user_authentication',
      error_description: 'A stronger or more recent authentication is needed',
      ...parameters,
      login_url: `${origin}/oauth2/start?${query}`,
      reason,
      status: 401,
    })
    t.equal('acr_values' in body && 'max_age' in body, path === '/both/x')
  }
  t.equal((await browser.navigate(`${origin}/json/x`)).status, 401, 'a rule may never send to the login')
  t.strictSame(asked(), ['null null'], 'no program is sent to the provider')
  t.equal(headsAt(upstream).length, length)

  const { login_url: loginUrl } = (await browser.fetch(`${origin}/both/x`)).json() as { login_url: string }
  await browser.navigate(loginUrl)
  t.equal((await browser.fetch(`${origin}/both/x`)).status, 200)
  t.strictSame(asked(), ['null null', 'mfa 300'])
})

t.test('a program without a session learns where a good enough login begins', async (t) => {
  const { origin, browser, asked } = await start(t)
  const answer = await browser.fetch(`${origin}/both/x`)
  t.equal(answer.headers['www-authenticate'], `Bearer realm="${origin}"`, 'nothing sent, no error code')
  const { login_url: loginUrl } = answer.json() as { login_url: string }
  t.equal(loginUrl, `${origin}/oauth2/start?acr_values=mfa&max_age=300`)
  await browser.navigate(loginUrl)
  t.equal((await browser.fetch(`${origin}/both/x`)).status, 200)
  t.strictSame(asked(), ['mfa 300'])
})

t.test('a form is not lost: its page offers the sign-in beside it', async (t) => {
  const { origin, browser, upstream, go, asked } = await start(t)
  const send = () =>
    browser.navigate(`${origin}/both/form`, { method: 'POST', headers: { origin }, body: 'a=1' })
  const first = await send()
  t.equal(first.status, 401)
  t.match(first.body, /<h1>Sign in to send this/)
  t.equal(buttonOf(first), `${origin}/oauth2/start?rd=%2F&acr_values=mfa&max_age=300`)
  await go('/home')
  const { length } = headsAt(upstream)
  const again = await send()
  t.equal(again.status, 401)
  t.match(again.headers['www-authenticate'], 'error="insufficient_user_authentication"')
  t.match(again.body, /<h1>Sign in once more to send this/)
  t.match(again.body, 'target="_blank"')
  t.equal(headsAt(upstream).length, length)
  t.strictSame(asked(), ['null null'])
  await browser.navigate(buttonOf(again))
  t.equal((await send()).status, 200)
  t.equal(headsAt(upstream).at(-1)?.[0], 'POST /both/form HTTP/1.1')
})

t.test('a WebSocket with too weak a session is refused', async (t) => {
  const scene = await start(t)
  await scene.go('/home')
  const { length } = headsAt(scene.upstream)
  const answer = await ask(scene.gateway, 'GET /mfa/socket', [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    'Accept: text/html',
    `Origin: ${scene.origin}`,
    cookieLine(scene),
  ])
  t.match(answer, /^HTTP\/1\.1 401 /)
  t.match(answer, /www-authenticate: Bearer .*insufficient_user_authentication.*acr_values="mfa hw"/i)
  t.match(answer, '"error":"insufficient_user_authentication"')
  t.equal(headsAt(scene.upstream).length, length)
})

t.test('a provider that signs in no more strongly ends in a page that says so, after one trip', async (t) => {
  let of = onlyPasswords
  const { go, asked, origin, browser, upstream } = await start(t, (...given) => of(...given))
  await go('/home')
  const { length } = headsAt(upstream)
  const refused = await go(`/mfa${deep}`)
  t.equal(refused.status, 403)
  t.equal(refused.url, `${origin}/mfa${deep}`)
  t.match(refused.body, /<h1>This page needs a stronger sign-in/)
  t.match(refused.body, '<bdi>alice@example.com</bdi>')
  t.strictSame(asked(), ['null null', 'mfa hw null'])

  for (const path of [`/mfa${deep}`, '/mfa', '/hw/x']) t.equal((await go(path)).status, 403, path)
  t.equal(asked().length, 2, 'neither here, nor where less of the same would do')
  t.equal((await browser.fetch(`${origin}/mfa/x`)).status, 401, 'a program hears what it always hears')
  t.equal(headsAt(upstream).length, length)
  t.equal((await go('/home')).status, 200, 'all else goes on')

  t.equal((await browser.navigate(buttonOf(refused))).status, 403)
  t.strictSame(asked().slice(2), ['mfa hw null'], 'the button asks again when it is pressed')
  of = obliging
  const page = await browser.navigate(buttonOf(refused))
  t.equal(page.status, 200)
  t.equal(page.url, `${origin}/mfa${deep}`)
  t.equal((await go('/mfa')).status, 200)
  t.equal(asked().length, 4)
})

t.test('first logins that come to nothing better end after one trip too', async (t) => {
  const { go, asked } = await start(t, onlyPasswords)
  t.equal((await go('/both')).status, 403)
  t.equal((await go('/both')).status, 403)
  t.strictSame(asked(), ['mfa 300'])
})

t.test('a session that becomes too old at a provider that remembers longer', async (t) => {
  const { go, asked, gateway, browser } = await start(t)
  t.equal((await go('/recent')).status, 200)
  gateway.advance(301)
  t.equal((await browser.fetch(`${gateway.origin}/recent`)).status, 401)
  const refused = await go('/recent?n=2')
  t.equal(refused.status, 403)
  t.match(refused.body, /<h1>You signed in too long ago for this page/)
  t.equal((await go('/recent')).status, 403)
  t.strictSame(asked(), ['null 300', 'null 300'])
  t.equal((await go('/quick')).status, 403)
  t.equal(asked().length, 2, 'who was not asked again for 5 minutes is not for one second')
})

t.test('rules that need different contexts take turns, each at one request', async (t) => {
  const { go, asked } = await start(t, obliging, {
    routes: [
      'path: /a, access: authenticated, acr: [mfa]',
      'path: /b, access: authenticated, acr: [hw]',
      'path: /**, access: authenticated',
    ],
  })
  for (const path of ['/a', '/b', '/a', '/a']) t.equal((await go(path)).status, 200, path)
  t.strictSame(asked(), ['mfa null', 'hw null', 'mfa null'])
})

t.test('rules whose contexts a provider was asked for in vain are not asked for one by one', async (t) => {
  const { go, asked } = await start(t, onlyPasswords)
  for (const path of ['/mfa', '/hw', '/mfa', '/both', '/hw', '/mfa']) {
    t.equal((await go(path)).status, 403, path)
  }
  t.strictSame(asked(), ['mfa hw null'], 'the others want less of the same')
})

t.test('rules that need different contexts at a provider with neither: one request each', async (t) => {
  const { go, asked } = await start(t, onlyPasswords, {
    routes: ['path: /a, access: authenticated, acr: [mfa]', 'path: /b, access: authenticated, acr: [hw]'],
  })
  for (const path of ['/a', '/b', '/a', '/b', '/a']) t.equal((await go(path)).status, 403, path)
  t.strictSame(asked(), ['mfa null', 'hw null'])
})

t.test('a login for something else loses neither context nor time', async (t) => {
  const { go, asked, browser, origin } = await start(t, obliging, {
    providerKeys: 'scopes: [openid, profile, email]',
  })
  t.equal((await go('/both')).status, 200)
  t.equal((await go('/orders')).status, 200)
  t.equal((await browser.fetch(`${origin}/both`)).status, 200)
  t.equal((await go('/oauth2/start')).status, 200)
  t.equal((await browser.fetch(`${origin}/both`)).status, 200)
  t.strictSame(asked(), ['mfa 300', 'mfa 300', 'mfa 300'])
})

t.test('logins for several pages in a short time are no loop', async (t) => {
  const { go, asked } = await start(t, obliging, {
    routes: ['pwd', 'mfa', 'hw'].map((acr) => `path: /${acr}, access: authenticated, acr: [${acr}]`),
  })
  for (const path of ['/pwd', '/mfa', '/hw', '/pwd', '/mfa', '/hw'])
    t.equal((await go(path)).status, 200, path)
  t.equal(asked().length, 6)
})

t.test('a stronger sign-in is a new session, and the one before is not brought back', async (t) => {
  const { go, browser, origin } = await start(t)
  await go('/home')
  const planted = browser.cookiesFor(origin)
  await go('/mfa')
  t.not(browser.cookiesFor(origin), planted)
  const attacker = createBrowser()
  for (const pair of planted.split('; ')) {
    const [name = '', value] = pair.split('=')
    attacker.setCookie(origin, name, value)
  }
  t.equal((await attacker.fetch(`${origin}/mfa`)).status, 401, 'who knew the old session is no stronger')
  await browser.submit(await go('/oauth2/sign_out'))
  t.equal((await browser.fetch(`${origin}/home`)).status, 401)
  t.equal((await attacker.fetch(`${origin}/home`)).status, 200, 'it was another session that ended')
})

t.test('a stronger sign-in as somebody else replaces the session and takes nothing over', async (t) => {
  let of = onlyPasswords
  const { browser, origin, provider, upstream } = await start(t, (...given) => of(...given), { hint: '' })
  const signIn = async (url: string, user: string) => {
    const page = await browser.submit(await browser.navigate(url), { login: user })
    // The provider signs the one before out first.
    return page.body.includes('end/confirm') ? browser.submit(page) : page
  }
  await signIn(`${origin}/home`, 'alice')
  t.equal((await signIn(`${origin}/mfa`, 'alice')).status, 403)
  const alice = browser.clone()
  of = obliging
  const again = buttonOf(await browser.navigate(`${origin}/mfa`))
  t.equal((await signIn(again, 'bob')).status, 200)
  t.strictSame(valuesOf(headsAt(upstream).at(-1), 'x-forwarded-user'), ['bob'])
  const info = (await browser.fetch(`${origin}/oauth2/userinfo`)).json()
  t.match(info, { sub: 'bob', email: 'bob@example.com' })
  t.notMatch((info as { scopes: string[] }).scopes, ['orders:write'])
  t.equal((await alice.fetch(`${origin}/home`)).status, 401, 'the session of alice is over')
  t.ok(provider.revocations.length > 0, 'her tokens too')

  of = onlyPasswords
  t.equal((await signIn(`${origin}/hw`, 'alice')).status, 403)
  t.equal((await browser.navigate(`${origin}/hw`)).status, 403)
  // Signed out at the provider, as happens there after a while.
  for (const name of ['_session', '_session.sig']) browser.setCookie(provider.issuer, name, undefined)
  await signIn(`${origin}/oauth2/start`, 'bob')
  const third = await browser.navigate(`${origin}/hw`)
  t.equal(third.status, 200, 'what alice was refused counts for nothing')
  t.match(third.body, /<title>Sign in/)
})

t.test('a provider that says no leaves the session as it was', async (t) => {
  const { browser, origin } = await start(t, obliging, { hint: '' })
  await browser.submit(await browser.navigate(`${origin}/home`), { login: 'alice' })
  const before = browser.cookiesFor(origin)
  const denied = await browser.submit(await browser.navigate(`${origin}/mfa`), { login: 'deny' })
  t.equal(denied.status, 403)
  t.match(denied.body, /Signing in was refused/)
  t.equal(browser.cookiesFor(origin), before)
  t.equal((await browser.fetch(`${origin}/home`)).status, 200)
  const retried = await browser.submit(await browser.navigate(buttonOf(denied)), { login: 'alice' })
  t.equal(retried.status, 200)
  t.equal(retried.url, `${origin}/mfa`)
})

t.test('an address asks for nothing that no rule could', async (t) => {
  const { browser, origin, go, asked } = await start(t)
  await go('/oauth2/start?acr_values=hw+evil+mfa&max_age=299&scope=admin+orders:write')
  await go('/oauth2/start?acr_values=evil&max_age=0')
  await go('/oauth2/start?max_age=1')
  t.strictSame(asked(), ['hw mfa null', 'hw null', 'hw 1'])
  t.equal(requestsTo(`${origin}/oauth2/start`, browser).length, 3)
})

t.test('the wish travels sealed, and the cookie fits whatever the list', async (t) => {
  const list = (count: number) => Array.from({ length: count }, (_, n) => `urn:example:${n}`.padEnd(60, 'x'))
  const strict = (acr: string[]) => [
    `path: /**, access: authenticated, acr: [${acr.map((value) => `"${value}"`).join()}]`,
  ]
  for (const [count, trips] of [
    [20, 1],
    [100, 3],
  ] as const) {
    const { browser, origin, go, asked } = await start(t, onlyPasswords, { routes: strict(list(count)) })
    const sent = await browser.navigate(`${origin}/${'p'.repeat(1500)}`, { follow: false })
    t.ok(sent.setCookies.every((line) => line.length <= 4096))
    t.notMatch(sent.setCookies.join(), 'urn:')
    for (const visit of [1, 2]) t.equal((await go('/')).status, 403, `visit ${visit}`)
    t.equal(asked().length, trips, 'what cannot be remembered is counted')
    t.equal(asked()[0]?.length, count * 61 + 4)
  }
})

t.test('what was asked for in vain outlives a refresh and the renewal of the cookie', async (t) => {
  const { go, asked, gateway, provider } = await start(t, onlyPasswords, {
    provider: { acr: { values: ['pwd', 'mfa', 'hw'], of: onlyPasswords }, accessTokenTtl: 300 },
  })
  t.equal((await go('/mfa')).status, 403)
  for (const seconds of [61, 400]) {
    gateway.advance(seconds)
    t.equal((await go('/mfa')).status, 403)
  }
  t.equal(provider.tokenRequests.length, 2)
  t.equal(asked().length, 1)
})

t.test('the rule behind another reading of a path says what is needed', async (t) => {
  const { browser, origin, asked, go, gateway } = await start(t, obliging, {
    routes: ['path: /mfa/**, access: authenticated, acr: [mfa]', 'path: /**, access: authenticated'],
  })
  await go('/home')
  const answer = await browser.fetch(`${origin}/mfa;v=1/x`)
  t.equal(answer.status, 401)
  t.match(answer.headers['www-authenticate'], 'acr_values="mfa"')
  t.ok(gateway.logs().some(({ path, rule }) => path === '/mfa;v=1/x' && rule === 'routes[0]'))
  t.equal((await go('/mfa;v=1/x')).status, 200)
  t.strictSame(asked(), ['null null', 'mfa null'])
})

/** A gateway at a provider that does as it likes. */
async function startHostile(t: Test, options: { providerKeys?: string; routes?: string[] } = {}) {
  const op = await startHostileProvider(t)
  const upstream = await startRecorder('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  t.teardown(upstream.close)
  const provider = { ...op, redirectUris: new Set<string>() }
  const gateway = await startGateway(t, { provider, upstream: upstream.origin, routes, ...options })
  const visit = async (claims: Deviations['claims'], ...paths: string[]) => {
    op.deviations.claims = { ...claims }
    const browser = createBrowser()
    const statuses = []
    for (const path of paths) statuses.push((await browser.navigate(gateway.origin + path)).status)
    return [...statuses, ...requestsTo(`${op.issuer}/authorize`, browser)]
  }
  return { op, gateway, visit }
}

const seconds = () => Math.floor(Date.now() / 1000)

t.test('a provider that passes over acr_values and max_age is asked once, and no page breaks', async (t) => {
  const { visit } = await startHostile(t)
  const old = seconds() - 9999
  for (const authTime of [undefined, 0, old, seconds() + 999]) {
    t.strictSame(
      await visit({ auth_time: authTime }, '/home', '/recent', '/recent', '/home'),
      [200, 403, 403, 200, 'null null', 'null 300'],
      JSON.stringify(authTime),
    )
  }
  for (const acr of [undefined, null, '', 'pwd', 'MFA', 'mfa hw', ['mfa'], 1]) {
    t.strictSame(
      await visit({ acr, auth_time: undefined }, '/home', '/mfa', '/mfa', '/home'),
      [200, 403, 403, 200, 'null null', 'mfa hw null'],
      JSON.stringify(acr),
    )
  }
  t.strictSame(
    await visit({ auth_time: String(seconds()) }, '/recent'),
    [502, 'null 300'],
    'an ID token that is none',
  )
  t.strictSame(await visit({ acr: 'pwd', auth_time: old }, '/both', '/both'), [403, 403, 'mfa 300'])
  t.strictSame(await visit({ acr: 'mfa', auth_time: old }, '/both', '/both', '/mfa'), [
    403,
    403,
    200,
    'mfa 300',
  ])
  t.strictSame(await visit({ acr: 'hw', auth_time: seconds() }, '/mfa', '/hw', '/recent'), [
    200,
    200,
    200,
    'mfa hw null',
  ])
})

t.test('only the ID token says how somebody signed in, whatever else claims are taken from', async (t) => {
  for (const claimsFrom of ['[userinfo]', '[userinfo, id_token]', '[userinfo, access_token]']) {
    const { op, visit } = await startHostile(t, { providerKeys: `claims_from: ${claimsFrom}` })
    op.deviations.userinfo = { sub: 'alice', acr: 'mfa', auth_time: seconds() }
    const none = { acr: undefined, auth_time: undefined }
    t.strictSame(await visit(none, '/both', '/both'), [403, 403, 'mfa 300'], claimsFrom)
    t.strictSame(await visit({ acr: 'mfa', auth_time: seconds() }, '/both', '/both'), [200, 200, 'mfa 300'])
  }
})

t.test('a rule asks for no more time than the configuration leaves', async (t) => {
  const { visit } = await startHostile(t, { providerKeys: 'authorization_params: { max_age: "60" }' })
  t.strictSame(await visit({ auth_time: seconds() - 40 }, '/recent'), [200, 'null 60'])
  t.strictSame(await visit({ auth_time: seconds() - 40 }, '/quick'), [403, 'null 1'])
  t.strictSame(await visit({ auth_time: seconds() - 200 }, '/recent'), [502, 'null 60'])
})

t.test('somebody who is slower than max_age is told so after three logins', async (t) => {
  const { op, gateway } = await startHostile(t)
  const browser = createBrowser()
  const page = `${gateway.origin}/quick/x`
  let at = seconds()
  for (let round = 0; round < 3; round += 1) {
    op.deviations.claims = { auth_time: at }
    const back = await browser.navigate(page, { stopAt: page })
    t.equal(back.status, 303, 'in time at the callback')
    gateway.advance(2)
    at += 2
  }
  const refused = await browser.navigate(page)
  t.equal(refused.status, 403)
  t.match(refused.body, /<h1>You signed in too long ago/)
  t.equal(requestsTo(`${op.issuer}/authorize`, browser).length, 3)
  op.deviations.claims = { auth_time: at }
  t.equal((await browser.navigate(buttonOf(refused))).status, 200, 'asked for by hand, it counts anew')
})

t.test('a stronger session that does not come back ends in a page, not in a loop', async (t) => {
  const { browser, origin, asked, go, provider } = await start(t)
  await go('/home')
  const kept = browser.cookiesFor(origin).match(/postern=([^;]+)/)?.[1]
  for (let round = 0; round < 3; round += 1) {
    await browser.navigate(`${origin}/mfa`, { stopAt: `${origin}/mfa` })
    browser.setCookie(origin, 'postern', kept)
  }
  t.equal(asked().length, 4)
  const refused = await go('/mfa')
  t.equal(refused.status, 403)
  t.match(refused.body, /needs a stronger sign-in/)
  t.equal(asked().length, 4, 'one at the start, and three that led to nothing')

  const lost = createBrowser()
  for (let round = 0; round < 3; round += 1) {
    await lost.navigate(`${origin}/mfa`, { stopAt: `${origin}/mfa` })
    lost.setCookie(origin, 'postern', undefined)
  }
  const told = await lost.navigate(`${origin}/mfa`)
  t.equal(told.status, 400)
  t.match(told.body, /did not bring the sign-in back/)
  t.equal(requestsTo(`${provider.issuer}/auth`, lost).length, 3)
})
