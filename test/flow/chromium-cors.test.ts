import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { signInAs, skipWithoutChromium, startChromium } from '../support/chromium.ts'
import { startGateway } from '../support/gateway.ts'
import { startProvider } from '../support/provider.ts'
import { startSite } from '../support/site.ts'
import { startWebApp } from '../support/web-app.ts'

/** What a script of a page gets for a fetch: an answer, or only that there is none for it. */
type Fetched =
  | Readonly<{ status: number; text: string; challenge: string | null; redirected: boolean }>
  | 'refused'

/** A gateway whose API is open to one other origin of the same site, and two sites on loopback. */
async function startShop(t: Test) {
  const pages = { '/': '<title>Elsewhere</title>' }
  const [spa, other] = await Promise.all([startSite(t, pages), startSite(t, pages)])
  const provider = await startProvider(t)
  const app = await startWebApp(t)
  const cors = `cors: { origins: ["http://localhost:${spa.port}"], methods: [GET, PUT], headers: [Content-Type, X-Thing], credentials: true }`
  const gateway = await startGateway(t, {
    provider,
    upstream: app.origin,
    routes: [
      'path: /**, access: authenticated',
      `path: /api/**, access: authenticated, ${cors}`,
      `path: /always/**, access: authenticated, on_unauthenticated: redirect, ${cors}`,
      'path: /public/**, access: public',
    ],
  })
  /** What the upstream got below /api, a line each. */
  const received = () =>
    app.received.filter(({ url }) => url.startsWith('/api')).map(({ method, url }) => `${method} ${url}`)
  return { gateway, app, received, spaPort: spa.port, otherPort: other.port }
}

/** Fetches as a script of the page does, with cookies. */
function fetchFrom(page: Page, url: string, init: RequestInit = {}): Promise<Fetched> {
  return page.evaluate(
    async ([url, init]) => {
      try {
        const response = await fetch(url, { credentials: 'include', ...init })
        const { status, headers, redirected } = response
        return { status, text: await response.text(), challenge: headers.get('www-authenticate'), redirected }
      } catch {
        return 'refused'
      }
    },
    [url, init] as const,
  )
}

t.test('Chromium', { skip: skipWithoutChromium }, async (t) => {
  const chromium = await startChromium(t)

  t.test('lets a page of an allowed origin read and write with the session', async (t) => {
    const { gateway, app, received, spaPort } = await startShop(t)
    const page = await (await chromium.newProfile(t)).newPage()
    await page.goto(gateway.origin)
    await signInAs(page, 'alice')
    await page.locator('#user').waitFor()
    await page.goto(`http://localhost:${spaPort}/`)

    t.match(await fetchFrom(page, `${gateway.origin}/api/items`), { status: 200, text: />alice</ })
    const json = { 'content-type': 'application/json', 'x-thing': '1' }
    const put = await fetchFrom(page, `${gateway.origin}/api/items/7`, {
      method: 'PUT',
      headers: json,
      body: '{"n":1}',
    })
    t.match(put, { status: 200, text: />alice</ })
    t.strictSame(received(), ['GET /api/items', 'PUT /api/items/7'], 'and no preflight')
    const last = app.received.at(-1)
    t.equal(last?.body, '{"n":1}')
    t.strictSame(last?.header('x-thing'), ['1'])
    t.match(last?.header('authorization'), [/^Bearer \S+$/])

    const unwanted: RequestInit[] = [
      { method: 'DELETE' },
      { method: 'PATCH', body: 'x' },
      { headers: { 'x-other': '1' } },
    ]
    for (const init of unwanted) {
      t.equal(await fetchFrom(page, `${gateway.origin}/api/items`, init), 'refused', JSON.stringify(init))
    }
    t.match(await fetchFrom(page, `${gateway.origin}/api/items`, { method: 'POST', body: 'x' }), {
      status: 403,
    })
    t.equal(await fetchFrom(page, `${gateway.origin}/elsewhere`), 'refused', 'a route without a policy')
    t.equal(await fetchFrom(page, `${gateway.origin}/oauth2/session`), 'refused')
    t.equal(received().length, 2)
  })

  t.test('lets a page of no other origin read anything or write at all', async (t) => {
    const { gateway, received, spaPort, otherPort } = await startShop(t)
    const page = await (await chromium.newProfile(t)).newPage()
    await page.goto(gateway.origin)
    await signInAs(page, 'alice')
    await page.locator('#user').waitFor()
    const writes: RequestInit[] = [
      { method: 'PUT', body: 'x' },
      { method: 'POST', body: 'x' },
      { method: 'POST', body: 'x', mode: 'no-cors' },
      { headers: { 'x-thing': '1' } },
    ]
    // The first is of the same site, so its requests have the session: these reads reach the upstream, unreadable.
    for (const [origin, reads] of [
      [`http://localhost:${otherPort}`, 1],
      [`http://127.0.0.1:${spaPort}`, 0],
    ] as const) {
      const before = received().length
      await page.goto(`${origin}/`)
      t.equal(await fetchFrom(page, `${gateway.origin}/api/items`), 'refused', origin)
      for (const init of writes) {
        const answer = await fetchFrom(page, `${gateway.origin}/api/items`, init)
        t.equal(answer, 'refused', `${origin} ${JSON.stringify(init)}`)
      }
      t.strictSame(received().slice(before), Array(reads).fill('GET /api/items'), origin)
    }
  })

  t.test('lets a page of an allowed origin read why it is refused, and where to sign in', async (t) => {
    const { gateway, received, spaPort, otherPort } = await startShop(t)
    const page = await (await chromium.newProfile(t)).newPage()
    await page.goto(`http://localhost:${spaPort}/`)
    for (const path of ['/api/items', '/always/items']) {
      const answer = await fetchFrom(page, gateway.origin + path)
      t.match(answer, { status: 401, challenge: `Bearer realm="${gateway.origin}"`, redirected: false }, path)
      t.match(JSON.parse((answer as Exclude<Fetched, 'refused'>).text), {
        error: 'login_required',
        login_url: `${gateway.origin}/oauth2/start`,
      })
    }
    t.match(await fetchFrom(page, `${gateway.origin}/api/items`, { method: 'PUT', body: 'x' }), {
      status: 401,
    })
    await page.goto(`http://localhost:${otherPort}/`)
    t.equal(await fetchFrom(page, `${gateway.origin}/api/items`), 'refused')
    t.strictSame(received(), [])
  })

  t.test('tells a page of our own whether somebody is signed in', async (t) => {
    const { gateway } = await startShop(t)
    const page = await (await chromium.newProfile(t)).newPage()
    type Told = { signed_in: boolean; seconds_left: number; login_url: string }
    const session = () => page.evaluate(async () => (await fetch('/oauth2/session')).json() as Promise<Told>)
    await page.goto(`${gateway.origin}/public/start`)
    const signedOut = await session()
    t.strictSame(signedOut, { signed_in: false, login_url: `${gateway.origin}/oauth2/start` })
    await page.goto(`${signedOut.login_url}?rd=/public/back`)
    await signInAs(page, 'alice')
    await page.waitForURL(`${gateway.origin}/public/back`)
    const signedIn = await session()
    t.match(signedIn, { signed_in: true, sub: 'alice', login_url: signedOut.login_url })
    t.ok(signedIn.seconds_left > 3500 && signedIn.seconds_left <= 3600)
    gateway.advance(1000)
    t.ok((await session()).seconds_left <= signedIn.seconds_left - 1000)
    gateway.advance(2600)
    t.strictSame(await session(), signedOut)
  })
})
