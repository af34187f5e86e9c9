import t from 'tap'
import type { Browser, BrowserResponse } from '../support/browser.ts'
import { ask, cookieLine, type Scene, startScene } from '../support/scene.ts'

/** Begins a login and goes through the provider; gives the callback that was not followed yet. */
async function callbackOf(
  { gateway, browser }: Scene,
  path = '/deep',
  from: Browser = browser,
): Promise<string> {
  const answer = await from.navigate(gateway.origin + path, { stopAt: `${gateway.origin}/oauth2/callback` })
  return answer.headers.location as string
}

function altered(url: string, change: (query: URLSearchParams) => void): string {
  const copy = new URL(url)
  change(copy.searchParams)
  return copy.href
}

const follow = (browser: Browser, url: string): Promise<BrowserResponse> =>
  browser.navigate(url, { follow: false })

t.test('five logins at once all end where each was asked for; a sixth drops the oldest', async (t) => {
  const scene = await startScene(t)
  const { gateway, browser, provider } = scene
  const callbacks: string[] = []
  for (let tab = 0; tab < 6; tab += 1) {
    callbacks.push(await callbackOf(scene, `/tab/${tab}`))
    gateway.advance(1)
  }
  t.equal(
    browser
      .cookiesFor(gateway.origin)
      .split('; ')
      .filter((cookie) => cookie.includes('.login.')).length,
    5,
  )
  t.notOk(browser.cookiesFor(gateway.origin).includes('/tab'), 'nothing of it can be read')
  const answers = []
  for (const callback of callbacks.slice(1)) answers.push(await follow(browser, callback))
  t.strictSame(
    answers.map(({ status, headers }) => [status, headers.location]),
    [1, 2, 3, 4, 5].map((tab) => [303, `${gateway.origin}/tab/${tab}`]),
  )
  t.equal(provider.tokenRequests.length, 5)
  const dropped = await follow(browser, callbacks[0] as string)
  t.strictSame(
    [dropped.status, dropped.headers.location],
    [303, `${gateway.origin}/`],
    'the session is there already',
  )
  t.equal(provider.tokenRequests.length, 5)
  t.notMatch(browser.cookiesFor(gateway.origin), /\.login\./, 'no login is left')
})

t.test('a callback that is not this browser’s login spends nothing', async (t) => {
  const scene = await startScene(t)
  const { gateway, browser, provider, upstream } = scene
  const good = await callbackOf(scene)
  const { length } = new URL(good).searchParams.get('state') as string
  const rows: [string, string, number, RegExp][] = [
    ['state missing', altered(good, (query) => query.delete('state')), 400, /not started here/],
    ['state empty', altered(good, (query) => query.set('state', '')), 400, /not started here/],
    ['state twice', altered(good, (query) => query.append('state', 'x')), 400, /not started here/],
    ['code twice', altered(good, (query) => query.append('code', 'x')), 400, /not started here/],
    ['iss twice', altered(good, (query) => query.append('iss', 'x')), 400, /not started here/],
    ['state unknown', altered(good, (query) => query.set('state', 'x'.repeat(length))), 302, /^$/],
    ['state shorter', altered(good, (query) => query.set('state', 'x')), 302, /^$/],
  ]
  for (const [name, url, status, page] of rows) {
    const answer = await follow(browser.clone(), url)
    t.equal(answer.status, status, name)
    t.match(answer.body, page, name)
    t.equal(answer.headers['cache-control'], 'no-store')
    t.notMatch(answer.setCookies.join('\n'), /^postern=/m)
  }
  const other = browser.clone()
  for (const pair of browser.cookiesFor(gateway.origin).split('; ')) {
    other.setCookie(gateway.origin, pair.slice(0, pair.indexOf('=')), undefined)
  }
  t.equal((await follow(other, good)).status, 302, 'another browser begins its own login')
  t.equal(provider.tokenRequests.length, 0)
  t.equal(
    (await follow(browser, good)).headers.location,
    `${gateway.origin}/deep`,
    'and the login still ends',
  )
  t.equal(upstream.connections.length, 0)
})

t.test('HEAD, prefetching and a look-alike path do not spend the code', async (t) => {
  const scene = await startScene(t)
  const { gateway, browser, provider } = scene
  const good = await callbackOf(scene)
  const target = good.slice(gateway.origin.length)
  const head = await ask(gateway, `HEAD ${target}`, [cookieLine(scene)])
  t.match(head, /^HTTP\/1\.1 405 [\s\S]*\r\nallow: GET\r\n/)
  t.match(await ask(gateway, `POST ${target}`, [cookieLine(scene), 'Content-Length: 0']), /^HTTP\/1\.1 405 /)
  for (const header of ['Sec-Purpose: prefetch;prerender', 'Purpose: prefetch', 'X-Moz: prefetch']) {
    t.match(await ask(gateway, `GET ${target}`, [cookieLine(scene), header]), /^HTTP\/1\.1 400 /, header)
  }
  for (const path of ['/oauth2/callback/', '/oauth2/callbacks', '/oauth2/callback;x']) {
    const answer = await ask(gateway, `GET ${target.replace('/oauth2/callback', path)}`, [cookieLine(scene)])
    t.match(answer, /^HTTP\/1\.1 404 /, path)
  }
  t.equal(provider.tokenRequests.length, 0)
  t.equal((await follow(browser, good)).status, 303)
  t.equal(provider.tokenRequests.length, 1)
})

t.test('a callback works once, however often it comes at once', async (t) => {
  const scene = await startScene(t)
  const { gateway, browser, provider } = scene
  const good = await callbackOf(scene)
  const copies = Array.from({ length: 10 }, () => browser.clone())
  const answers = await Promise.all(copies.map((copy) => follow(copy, good)))
  t.equal(provider.tokenRequests.length, 1)
  t.strictSame(answers.map(({ status }) => status).sort(), [303, ...Array(9).fill(400)])
  t.match(answers.find(({ status }) => status === 400)?.body, /works once/)
  const winner = copies[answers.findIndex(({ status }) => status === 303)] as Browser
  const replay = await follow(winner, good)
  t.strictSame(
    [replay.status, replay.headers.location],
    [303, `${gateway.origin}/`],
    'signed in: on to the site',
  )
  const late = winner.clone()
  late.setCookie(gateway.origin, 'postern', undefined)
  t.equal((await follow(late, good)).status, 302, 'not signed in: the login begins anew')
  t.equal(provider.tokenRequests.length, 1)
})

t.test('a login that took too long begins again once, then the page names the cause', async (t) => {
  const scene = await startScene(t)
  const { gateway, browser, provider } = scene
  const stale = await callbackOf(scene)
  gateway.advance(601)
  const again = await follow(browser, stale)
  t.equal(again.status, 302)
  t.match(again.headers.location, /state=[\w-]{43}\.again/)
  const page = await browser.navigate(again.headers.location as string)
  t.strictSame(
    [page.status, page.url],
    [200, `${gateway.origin}/deep`],
    'which leads to where it was asked for',
  )

  const cookieless = browser.clone()
  for (const name of browser
    .cookiesFor(gateway.origin)
    .split('; ')
    .map((pair) => pair.split('=')[0] as string)) {
    cookieless.setCookie(gateway.origin, name, undefined)
  }
  const lost = await follow(
    cookieless,
    altered(stale, (query) => query.set('state', 'unknown.again')),
  )
  t.equal(lost.status, 400, 'no loop')
  t.match(lost.body, /did not bring the sign-in back[\s\S]*no cookie at all/)
  t.match(lost.body, /href="\/oauth2\/start\?rd=/, 'with a way on')
  t.equal(provider.tokenRequests.length, 1)
})

t.test('with a live session an expired or unknown callback just goes on', async (t) => {
  const scene = await startScene(t)
  const { gateway, browser, provider } = scene
  const stale = await callbackOf(scene, '/stale')
  await browser.navigate(`${gateway.origin}/`)
  gateway.advance(601)
  const expired = await follow(browser, stale)
  t.strictSame([expired.status, expired.headers.location], [303, `${gateway.origin}/stale`])
  const unknown = await follow(
    browser,
    altered(stale, (query) => query.set('state', 'unknown')),
  )
  t.strictSame([unknown.status, unknown.headers.location], [303, `${gateway.origin}/`])
  t.equal(provider.tokenRequests.length, 1)
})

t.test('a forged error ends neither a session nor another login', async (t) => {
  const scene = await startScene(t)
  const { gateway, browser } = scene
  await browser.navigate(`${gateway.origin}/`)
  const pending = await callbackOf(scene, '/oauth2/start?rd=/other')
  const before = browser.cookiesFor(gateway.origin)
  const evil = 'error=access_denied&error_description=<script>alert(1)</script>&error_uri=javascript:alert(1)'
  for (const query of [evil, `${evil}&state=forged`]) {
    const answer = await follow(
      browser,
      `${gateway.origin}/oauth2/callback?${query.replace(/[<>]/g, encodeURIComponent)}`,
    )
    t.notMatch(answer.body, /<script|javascript:/)
    t.strictSame(answer.setCookies, [])
  }
  t.equal(browser.cookiesFor(gateway.origin), before)
  t.equal((await follow(browser, pending)).headers.location, `${gateway.origin}/other`)
})

t.test('the issuer of the answer is compared', async (t) => {
  const scene = await startScene(t)
  const { gateway, browser, provider } = scene
  for (const change of [
    (query: URLSearchParams) => query.delete('iss'),
    (query: URLSearchParams) => query.set('iss', `${query.get('iss')}/`),
    (query: URLSearchParams) => query.set('iss', 'https://evil.test'),
  ]) {
    const answer = await follow(browser, altered(await callbackOf(scene), change))
    t.equal(answer.status, 502)
    t.match(answer.body, /cannot be accepted/)
    t.match(answer.setCookies.join('\n'), /^postern\.login\.\S+=; Max-Age=0/, 'this login is over')
  }
  t.equal(provider.tokenRequests.length, 0)
  t.notMatch(browser.cookiesFor(gateway.origin), /postern=/)
})
