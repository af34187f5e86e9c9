import type { Test } from 'tap'
import { createBrowser } from '../../support/browser.ts'
import { ask } from '../../support/scene.ts'
import { expectNoStrangers, expectSignedIn, type HostileScene, hasSession, signIn } from '../hostile-scene.ts'
import { answering, type Check, type Checks, callbackOf, deviating } from './case.ts'

type Change = (callback: URL, scene: HostileScene) => void

/** Callbacks that are not the answer to this login: nothing is redeemed, nobody is signed in. */
function spendsNothing(ways: Readonly<Record<string, Change>>): Check {
  return async (t) => {
    for (const [name, change] of Object.entries(ways)) {
      await t.test(name, async (t) => {
        const scene = await deviating(t, {})
        const url = await callbackOf(scene)
        change(url, scene)
        await expectUnspent(t, scene, url.href)
      })
    }
  }
}

async function expectUnspent(t: Test, scene: HostileScene, url: string): Promise<void> {
  const { browser, gateway, op, upstream } = scene
  const answer = await browser.navigate(url, { follow: false })
  t.ok([302, 400, 401, 403, 404, 502].includes(answer.status), String(answer.status))
  t.equal(op.count('token'), 0, 'nothing was redeemed')
  t.notOk(hasSession(scene))
  t.equal(answer.headers['cache-control'], 'no-store')
  t.notMatch(answer.body, /<script|code=/)
  t.equal((await browser.fetch(`${gateway.origin}/deep`)).status, 401)
  t.equal(upstream.bytes(), '')
  expectNoStrangers(t, scene)
}

const set =
  (name: string, value: string): Change =>
  (url) =>
    url.searchParams.set(name, value)
const add =
  (name: string, value: string): Change =>
  (url) =>
    url.searchParams.append(name, value)
const remove =
  (name: string): Change =>
  (url) =>
    url.searchParams.delete(name)
const again =
  (name: string): Change =>
  (url) =>
    url.searchParams.append(name, url.searchParams.get(name) as string)

function renamed(from: string, to: string): Change {
  return ({ searchParams }) => {
    searchParams.append(to, searchParams.get(from) as string)
    searchParams.delete(from)
  }
}

const asError =
  (error: string, more: Record<string, string> = {}): Change =>
  ({ searchParams }) => {
    searchParams.delete('code')
    for (const [name, value] of Object.entries({ error, ...more })) searchParams.set(name, value)
  }

export const callbackChecks: Checks = {
  'AR-address': address,
  'CB-state': spendsNothing({
    missing: remove('state'),
    empty: set('state', ''),
    other: set('state', 'A'.repeat(43)),
    longer: (url) => url.searchParams.set('state', `${url.searchParams.get('state')}A`),
    shorter: (url) => url.searchParams.set('state', String(url.searchParams.get('state')).slice(0, -1)),
    twice: again('state'),
    'two different ones': add('state', 'other'),
    'as a list': renamed('state', 'state[]'),
    capitals: (url) => url.searchParams.set('state', String(url.searchParams.get('state')).toUpperCase()),
    'a name every object has': set('state', '__proto__'),
  }),
  'CB-code': spendsNothing({
    missing: remove('code'),
    empty: set('code', ''),
    twice: again('code'),
    'two different ones': add('code', 'other'),
    'as a list': renamed('code', 'code[]'),
    'in capitals': renamed('code', 'CODE'),
    'and an error': add('error', 'access_denied'),
    'in the fragment': (url) => {
      url.hash = url.search.slice(1)
      url.search = ''
    },
  }),
  'CB-issuer': spendsNothing({
    other: set('iss', 'https://evil.example'),
    'a slash more': (url, { op }) => url.searchParams.set('iss', `${op.issuer}/`),
    capitals: (url, { op }) => url.searchParams.set('iss', op.issuer.toUpperCase()),
    empty: set('iss', ''),
    twice: (url, { op }) => {
      url.searchParams.append('iss', op.issuer)
      url.searchParams.append('iss', op.issuer)
    },
  }),
  'CB-issuer-promised': issuerPromised,
  'CB-other-flows': spendsNothing({
    implicit: (url) => {
      remove('code')(url, undefined as never)
      url.searchParams.set('access_token', 'a')
      url.searchParams.set('id_token', 'a.b.c')
    },
    JARM: renamed('code', 'response'),
    'a token instead of a code': renamed('code', 'token'),
  }),
  'CB-form-post': formPost,
  'CB-error': errors,
  'CB-error-forged': forgedError,
  'CB-other-browser': otherBrowser,
  'CB-replay': replay,
  'CB-late': late,
  'CB-ahead': ahead,
  'CB-elsewhere': elsewhere,
  'CB-cookie-forged': forgedCookie,
  'CB-cookie-flood': cookieFlood,
  'CB-fixation': fixation,
  'CB-cross-purpose': crossPurpose,
  'CB-after-success': afterSuccess,
  'CB-many-elsewhere': manyElsewhere,
  'CB-post-unsigned': postUnsigned,
}

/** Parameters that the provider puts into its address stand beside ours and replace none. */
async function address(t: Test): Promise<void> {
  const own =
    'tenant=1&client_id=evil&redirect_uri=https://evil.example/&state=x&response_type=token&scope=all&nonce=x&code_challenge=x&code_challenge_method=plain'
  const scene = await deviating(t, (op) => ({
    discovery: { authorization_endpoint: `${op.issuer}/authorize?${own}` },
  }))
  const { headers } = await scene.browser.navigate(`${scene.gateway.origin}/deep`, { follow: false })
  const { searchParams } = new URL(headers.location as string)
  t.equal(new Set(searchParams.keys()).size, searchParams.size, 'no parameter twice')
  t.equal(searchParams.get('tenant'), '1')
  t.equal(searchParams.get('client_id'), 'postern')
  t.equal(searchParams.get('redirect_uri'), `${scene.gateway.origin}/oauth2/callback`)
  t.equal(searchParams.get('response_type'), 'code')
  t.equal(searchParams.get('code_challenge_method'), 'S256')
  t.ok([...searchParams.values()].every((value) => value !== 'x'))
}

/** The issuer that the metadata promises must be there. */
async function issuerPromised(t: Test): Promise<void> {
  const discovery = { authorization_response_iss_parameter_supported: true }
  const scene = await deviating(t, { discovery })
  await expectUnspent(t, scene, (await callbackOf(scene)).href)
  const good = await deviating(t, (op) => ({
    discovery,
    ...answering(op, (url) => url.searchParams.set('iss', op.issuer)),
  }))
  expectSignedIn(t, good, await signIn(good))
}

/** A callback in the body of a POST, as response_mode=form_post would have it, is not taken. */
async function formPost(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  const { search, origin, pathname } = await callbackOf(scene)
  for (const address of [`${origin}${pathname}`, `${origin}${pathname}${search}`]) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await scene.browser.navigate(address, {
      method: 'POST',
      headers,
      body: search.slice(1),
      follow: false,
    })
    t.ok([403, 405].includes(answer.status), String(answer.status))
  }
  t.equal(scene.op.count('token'), 0)
  t.notOk(hasSession(scene))
}

const payloads = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  'a\r\nX-Evil: 1',
  'x'.repeat(5_000),
  'javascript:alert(1)',
  '\u0000',
  '\u202eabc',
]

/** What the provider says about an error is never markup, a header or a link. */
async function errors(t: Test): Promise<void> {
  for (const payload of payloads) {
    const scene = await deviating(t, {})
    const url = await callbackOf(scene)
    asError(payload, { error_description: payload, error_uri: payload })(url, scene)
    const page = await scene.browser.navigate(url.href, { follow: false })
    t.ok([400, 403, 502].includes(page.status), String(page.status))
    t.notMatch(page.body, /<script|<img|onerror=alert|href="javascript/)
    t.equal(page.headers['x-evil'], undefined)
    t.match(page.headers['content-security-policy'], "default-src 'none'")
    t.notOk(hasSession(scene))
    t.equal(scene.op.count('token'), 0)
  }
}

/** An error that belongs to no login of this browser ends neither its session nor a login under way. */
async function forgedError(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  const forged = `${scene.gateway.origin}/oauth2/callback?error=access_denied&state=${'A'.repeat(43)}`
  const pending = await callbackOf(scene)
  await scene.browser.navigate(forged, { follow: false })
  expectSignedIn(t, scene, await scene.browser.navigate(pending.href))
  for (const url of [forged, forged.replace(/&state=.*/, '')]) {
    await scene.browser.navigate(url, { follow: false })
    t.equal((await scene.browser.fetch(`${scene.gateway.origin}/deep`)).status, 200, 'still signed in')
  }
}

/** The callback of one browser is nothing in another one. */
async function otherBrowser(t: Test): Promise<void> {
  const attacker = await deviating(t, {})
  const url = await callbackOf(attacker)
  for (const isBusy of [false, true]) {
    const victim = { ...attacker, browser: createBrowser() }
    if (isBusy) await callbackOf(victim)
    await expectUnspent(t, victim, url.href)
  }
}

/** Of ten at once and one later, one redeems. */
async function replay(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  const { href } = await callbackOf(scene)
  const copies = Array.from({ length: 10 }, () => scene.browser.clone())
  const answers = await Promise.all(copies.map((copy) => copy.navigate(href, { follow: false })))
  t.equal(answers.filter(({ status }) => status === 303).length, 1)
  t.equal(scene.op.count('token'), 1)
  const late = await scene.browser.clone().navigate(href, { follow: false })
  t.not(late.status, 303)
  t.equal(scene.op.count('token'), 1)
}

/** A login that took more than ten minutes is begun anew. */
async function late(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  const { href } = await callbackOf(scene)
  scene.gateway.advance(660)
  await expectUnspent(t, scene, href)
}

/** Looking ahead spends nothing: HEAD, or a page that the browser loads in advance. */
async function ahead(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  const { href } = await callbackOf(scene)
  for (const init of [
    { method: 'HEAD' },
    { headers: { 'sec-purpose': 'prefetch' } },
    { headers: { 'sec-purpose': 'prefetch;prerender' } },
    { headers: { purpose: 'prefetch' } },
  ]) {
    await scene.browser.navigate(href, { ...init, follow: false })
    t.equal(scene.op.count('token'), 0)
  }
  expectSignedIn(t, scene, await scene.browser.navigate(href))
}

/** Only the very path of the callback takes callbacks. */
async function elsewhere(t: Test): Promise<void> {
  const scene = await deviating(t, {}, { routes: ['path: /**, access: public'] })
  const { gateway, browser, op } = scene
  const stopAt = `${gateway.origin}/oauth2/callback`
  const first = await browser.navigate(`${gateway.origin}/oauth2/start?rd=/`, { stopAt })
  const { search } = new URL(first.headers.location as string)
  const cookie = `Cookie: ${browser.cookiesFor(gateway.origin)}`
  for (const path of [
    '/oauth2/callback/',
    '//oauth2/callback',
    '/OAUTH2/callback',
    '/oauth2/Callback',
    '/oauth2/callback;x',
    '/oauth2/./callback',
    '/anything',
    '/',
    '/oauth2/callback%2f',
    '/oauth2/start',
  ]) {
    await ask(gateway, `GET ${path}${search}`, [cookie])
    t.equal(op.count('token'), 0, path)
  }
}

/** A login cookie that the gateway did not seal is no login. */
async function forgedCookie(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  const url = await callbackOf(scene)
  const { origin } = scene.gateway
  const [name = '', value = ''] = scene.browser.cookiesFor(origin).split('=')
  for (const forged of [
    '',
    'x',
    value.slice(0, -1),
    `${value.slice(0, 40)}AAAA${value.slice(44)}`,
    `${value}A`,
  ]) {
    const victim = { ...scene, browser: createBrowser() }
    victim.browser.setCookie(origin, name, forged)
    await expectUnspent(t, victim, url.href)
  }
}

/** Fifty pages without an end of any login: five login cookies, and the request stays small. */
async function cookieFlood(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  const { browser, gateway } = scene
  for (let page = 0; page < 50; page += 1) {
    gateway.advance(1)
    await browser.navigate(`${gateway.origin}/deep/${page}?${'x'.repeat(500)}`, { follow: false })
  }
  const cookies = browser.cookiesFor(gateway.origin)
  t.ok(cookies.split('; ').filter((cookie) => cookie.includes('.login.')).length <= 5)
  t.ok(cookies.length < 8_000, `${cookies.length} characters`)
  expectSignedIn(t, scene, await signIn(scene))
  const left = browser
    .cookiesFor(gateway.origin)
    .split('; ')
    .filter((cookie) => cookie.includes('.login.'))
  t.ok(left.length <= 4, 'that one is gone; those of other tabs may still end')
}

const sessionCookie = ({ browser, gateway }: HostileScene) =>
  browser.cookiesFor(gateway.origin).match(/(?:^|; )postern=([^;]+)/)?.[1] as string

/** Whatever session the browser brings along, the one after a login is new. */
async function fixation(t: Test): Promise<void> {
  const attacker = await deviating(t, {})
  expectSignedIn(t, attacker, await signIn(attacker))
  const planted = sessionCookie(attacker)
  const victim = { ...attacker, browser: createBrowser() }
  victim.browser.setCookie(attacker.gateway.origin, 'postern', planted)
  Object.assign(attacker.op.deviations, { claims: { sub: 'victim' }, userinfo: { sub: 'victim' } })
  await victim.browser.navigate(`${attacker.gateway.origin}/oauth2/start?rd=/mine`)
  t.ok(sessionCookie(victim))
  t.not(sessionCookie(victim), planted)
  const whose = await attacker.browser.fetch(`${attacker.gateway.origin}/oauth2/userinfo`)
  t.notMatch(whose.body, 'victim', 'the planted session did not become the victim’s')
}

/** What is sealed for one purpose is nothing under another one. */
async function crossPurpose(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  const url = await callbackOf(scene)
  const { origin } = scene.gateway
  const [name = '', value = ''] = scene.browser.cookiesFor(origin).split('=')
  const asSession = { ...scene, browser: createBrowser() }
  asSession.browser.setCookie(origin, 'postern', value)
  t.equal((await asSession.browser.fetch(`${origin}/deep`)).status, 401)
  expectSignedIn(t, scene, await scene.browser.navigate(url.href))
  const asLogin = { ...scene, browser: createBrowser() }
  asLogin.browser.setCookie(origin, name, sessionCookie(scene))
  await asLogin.browser.navigate(url.href, { follow: false })
  t.equal(scene.op.count('token'), 1)
}

/** The same callback after success leads to the page, and redeems nothing. */
async function afterSuccess(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  const { href } = await callbackOf(scene)
  expectSignedIn(t, scene, await scene.browser.navigate(href))
  const answer = await scene.browser.navigate(href, { follow: false })
  t.equal(answer.status, 303)
  t.ok(answer.headers.location?.startsWith(`${scene.gateway.origin}/`))
  t.equal(scene.op.count('token'), 1)
}

/** Logins that others begin push nobody's out: they are kept in their browsers. */
async function manyElsewhere(t: Test): Promise<void> {
  const scene = await deviating(t, {}, { level: 'fatal' })
  const { href } = await callbackOf(scene)
  for (let batch = 0; batch < 20; batch += 1) {
    const starts = Array.from({ length: 50 }, () =>
      createBrowser().navigate(`${scene.gateway.origin}/deep`, { follow: false }),
    )
    t.ok((await Promise.all(starts)).every(({ status }) => status === 302))
  }
  expectSignedIn(t, scene, await scene.browser.navigate(href))
}

/** A POST of nobody is refused whatever its body, and nothing of the upstream is on the page. */
async function postUnsigned(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  for (const headers of [
    ['Content-Length: 0'],
    ['Content-Length: 3', 'Content-Type: application/x-www-form-urlencoded'],
    ['Content-Length: 3'],
  ]) {
    const body = headers[0]?.endsWith('3') ? 'a=b' : ''
    const answer = await ask(scene.gateway, 'POST /deep', ['Accept: text/html', ...headers], body)
    t.match(answer, /^HTTP\/1\.1 40[13] /)
    t.notMatch(answer, /\r\nlocation:/i)
  }
  t.equal(scene.upstream.bytes(), '')
}
