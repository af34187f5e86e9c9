import t, { type Test } from 'tap'
import { seesSignIn, signInAs, skipWithoutChromium, startChromium } from '../support/chromium.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { startProvider, type TestProvider } from '../support/provider.ts'
import { startSite } from '../support/site.ts'
import { startTlsFront } from '../support/tls-front.ts'
import { startWebApp, type WebApp } from '../support/web-app.ts'

t.test('a person with Chromium', { skip: skipWithoutChromium }, async (t) => {
  const chromium = await startChromium(t)

  t.test('signs in, lands on the deep link that was asked for, and submits a form', async (t) => {
    const { gateway, app } = await setUp(t)
    const profile = await chromium.newProfile(t)
    const page = await profile.newPage()

    await page.goto(`${gateway.origin}/orders/7?tab=a%2Fb&x=//y`)
    await signInAs(page, 'alice')
    await page.waitForURL(`${gateway.origin}/orders/7?tab=a%2Fb&x=//y`)
    t.equal(await page.locator('#request').textContent(), 'GET /orders/7?tab=a%2Fb&x=//y')
    t.equal(await page.locator('#user').textContent(), 'alice')

    await page.locator('input[name=item]').fill('tea & cake')
    await page.locator('#order').click()
    await page.waitForURL(`${gateway.origin}/orders`)
    t.equal(await page.locator('#request').textContent(), 'POST /orders')
    const [order] = app.received.filter(({ method }) => method === 'POST')
    t.equal(order?.body, 'item=tea+%26+cake')
    t.equal(order?.header('authorization').length, 1)
    t.match(order?.header('authorization')[0], /^Bearer \S+$/)
    t.strictSame(order?.header('cookie'), ['theme=dark'], 'its own cookie, and none of ours')
    t.notMatch(app.received.map(({ header }) => header('cookie')).join(), /postern/i)
  })

  t.test('keeps a WebSocket and an event stream over the refresh of the access token', async (t) => {
    const { gateway, app, provider } = await setUp(t, { accessTokenTtl: 300 })
    const page = await (await chromium.newProfile(t)).newPage()
    const sees = (list: string, text: string) => page.locator(`${list} li`, { hasText: text }).waitFor()
    await page.goto(`${gateway.origin}/live`)
    await signInAs(page, 'alice')
    await sees('#socket', 'open')
    await sees('#events', 'open')
    t.equal(refreshes(provider), 0)

    gateway.advance(301)
    const statuses = await page.evaluate(async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => fetch(`/api/items/${i}`)))
      return answers.map(({ status }) => status)
    })
    t.strictSame(statuses, Array(20).fill(200))
    t.equal(refreshes(provider), 1)
    const tokens = new Set(app.received.flatMap(({ header }) => header('authorization')))
    t.equal(tokens.size, 2, 'the first access token, and the one all twenty requests had')

    app.broadcast('after the refresh')
    await sees('#events', 'after the refresh')
    await sees('#socket', 'after the refresh')
    await page.locator('#say').click()
    await sees('#socket', 'heard: hello')
    t.strictSame(await page.locator('#socket li').allTextContents(), [
      'open',
      'after the refresh',
      'heard: hello',
    ])
    t.strictSame(await page.locator('#events li').allTextContents(), ['open', 'after the refresh'])
    await page.goto(`${gateway.origin}/orders`)
    t.equal(await page.locator('#user').textContent(), 'alice')
    t.equal(refreshes(provider), 1)
  })

  t.test('finishes the logins of five tabs that were opened signed out', async (t) => {
    const { gateway } = await setUp(t)
    const profile = await chromium.newProfile(t)
    const tabs = await Promise.all(
      ['/one', '/two?n=2', '/three', '/four?n=4', '/five'].map(async (path) => {
        const page = await profile.newPage()
        await page.goto(gateway.origin + path)
        await seesSignIn(page)
        return { page, path }
      }),
    )
    for (const { page, path } of tabs) {
      await signInAs(page, 'alice')
      await page.waitForURL(gateway.origin + path)
      t.equal(await page.locator('#request').textContent(), `GET ${path}`)
      t.equal(await page.locator('#user').textContent(), 'alice')
    }
    t.notMatch(await cookieNames(profile), /login\./, 'no cookie of a login is left')
    for (const { page, path } of tabs) {
      await page.reload()
      t.equal(await page.locator('#request').textContent(), `GET ${path}`)
    }
  })

  t.test('gets JSON that says where to sign in when a script asks without a session', async (t) => {
    const { gateway, app } = await setUp(t)
    const page = await (await chromium.newProfile(t)).newPage()
    await page.goto(`${gateway.origin}/public/start`)
    const answer = await page.evaluate(async () => {
      const response = await fetch('/api/items/1')
      const { status, type, redirected, headers } = response
      const body = (await response.json()) as { login_url: string }
      return { status, type, redirected, challenge: headers.get('www-authenticate'), body }
    })
    t.match(answer, {
      status: 401,
      type: 'basic',
      redirected: false,
      challenge: 'Bearer',
      body: { error: 'login_required', login_url: `${gateway.origin}/oauth2/start` },
    })
    t.strictSame(
      app.received.map(({ url }) => url).filter((url) => url.startsWith('/api')),
      [],
    )
    await page.goto(answer.body.login_url)
    await signInAs(page, 'bob')
    await page.waitForURL(`${gateway.origin}/`)
    t.equal(await page.locator('#user').textContent(), 'bob')
  })

  t.test('signs out everywhere, and the Back button shows nothing protected', async (t) => {
    const { gateway, app, provider } = await setUp(t)
    const profile = await chromium.newProfile(t)
    const live = await profile.newPage()
    await live.goto(`${gateway.origin}/live`)
    await signInAs(live, 'alice')
    await live.locator('#socket li', { hasText: 'open' }).waitFor()

    const page = await profile.newPage()
    for (const path of ['/kept/secret', '/orders/secret']) {
      await page.goto(gateway.origin + path)
      t.equal(await page.locator('#user').textContent(), 'alice')
    }
    await page.goto(`${gateway.origin}/oauth2/sign_out`)
    t.match(await page.locator('main').textContent(), 'alice@example.com')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${gateway.origin}/oauth2/signed_out`)
    t.match(await page.locator('h1').textContent(), 'You are signed out')
    t.equal(await cookieNames(profile, gateway.origin), 'theme', 'only the cookie of the app is left')
    t.ok(provider.revocations.length > 0, 'the tokens are revoked')

    await live.locator('#socket li', { hasText: 'closed 1008 session ended' }).waitFor()
    await live.locator('#events li', { hasText: 'interrupted' }).first().waitFor()
    app.broadcast('for those who are signed in')
    t.equal(await live.locator('li', { hasText: 'for those' }).count(), 0)

    const seenBefore = app.received.length
    await page.goBack()
    t.match(await page.locator('h1').textContent(), 'Sign out?')
    t.notMatch(await page.locator('main').textContent(), 'alice')
    await page.goBack()
    await seesSignIn(page)
    await page.goBack()
    await seesSignIn(page)
    t.notMatch(page.url(), gateway.origin, 'the provider asks who it is: its session has ended too')
    t.equal(app.received.length, seenBefore, 'nothing has reached the upstream')
  })

  t.test('cannot be signed out, nor made to order anything, by a page of another site', async (t) => {
    const { gateway, app, provider } = await setUp(t)
    const page = await (await chromium.newProfile(t)).newPage()
    await page.goto(`${gateway.origin}/orders`)
    await signInAs(page, 'alice')
    await page.locator('#user').waitFor()
    const signOut = `${gateway.origin}/oauth2/sign_out`
    const site = await startSite(t, {
      '/image': `<title>waiting</title><img src="${signOut}" onerror="document.title = 'refused'">`,
      '/link': `<a href="${signOut}">Win a prize</a>`,
      '/sign-out': autoForm(signOut),
      '/order': autoForm(`${gateway.origin}/orders`),
    })
    const post = async (url: string) => {
      const answer = page.waitForResponse((response) => response.request().method() === 'POST')
      await page.goto(url, { waitUntil: 'commit' })
      const response = await answer
      await page.waitForURL(response.url())
      const cookie = (await response.request().allHeaders())['cookie']
      return { status: response.status(), cookie, text: await page.locator('body').textContent() }
    }
    // A cross-site page, whose requests come without the cookie, and a same-site one on another port, whose come with it.
    for (const [host, orderStatus] of [
      ['127.0.0.1', 401],
      ['localhost', 403],
    ] as const) {
      const evil = `http://${host}:${site.port}`
      await page.goto(`${evil}/image`)
      await page.waitForFunction(`document.title === 'refused'`)
      await page.goto(`${evil}/link`)
      await page.getByRole('link').click()
      t.match(await page.locator('h1').textContent(), 'Sign out?', 'a link asks before it signs out')
      const signedOut = await post(`${evil}/sign-out`)
      t.equal(signedOut.status, 403)
      t.match(signedOut.text, 'Stopped for your safety')
      t.equal(/postern=/.test(String(signedOut.cookie)), host === 'localhost')
      t.equal((await post(`${evil}/order`)).status, orderStatus)
    }
    t.strictSame(
      app.received.filter(({ method }) => method === 'POST'),
      [],
    )
    t.strictSame(provider.revocations, [])
    await page.goto(`${gateway.origin}/orders`)
    t.equal(await page.locator('#user').textContent(), 'alice')
  })

  t.test('keeps a session cookie that no script can read', async (t) => {
    const { gateway } = await setUp(t)
    const profile = await chromium.newProfile(t)
    const page = await profile.newPage()
    await page.goto(`${gateway.origin}/orders`)
    await seesSignIn(page)
    const pending = await profile.cookies(gateway.origin)
    t.match(pending, [
      { name: /^postern\.login\./, httpOnly: true, sameSite: 'Lax', path: '/', secure: false },
    ])
    await signInAs(page, 'alice')
    await page.locator('#user').waitFor()
    const cookies = await profile.cookies(gateway.origin)
    t.strictSame(cookies.map(({ name }) => name).sort(), ['postern', 'postern_logins', 'theme'])
    for (const cookie of cookies.filter(({ name }) => name !== 'theme')) {
      t.match(cookie, { domain: 'localhost', httpOnly: true, sameSite: 'Lax', path: '/', secure: false })
    }
    t.equal(await page.evaluate('document.cookie'), 'theme=dark')
  })

  t.test('has __Host- cookies on https, and signs out of them by a link of the app', async (t) => {
    const front = await startTlsFront(t)
    const { gateway, app } = await setUp(t, { publicUrl: front.origin })
    front.forwardTo(gateway.port)
    const profile = await chromium.newProfile(t)
    const page = await profile.newPage()
    await page.goto(`${front.origin}/orders/7?x=1`)
    await signInAs(page, 'alice')
    await page.waitForURL(`${front.origin}/orders/7?x=1`)
    t.equal(await page.locator('#user').textContent(), 'alice')
    t.strictSame(app.received[0]?.header('x-forwarded-proto'), ['https'])
    const cookies = (await profile.cookies(front.origin)).filter(({ name }) => name !== 'theme')
    t.strictSame(cookies.map(({ name }) => name).sort(), ['__Host-postern', '__Host-postern_logins'])
    for (const cookie of cookies) {
      t.match(cookie, { domain: 'localhost', httpOnly: true, sameSite: 'Lax', path: '/', secure: true })
    }

    await page.locator('#sign-out').click()
    await page.waitForURL(`${front.origin}/oauth2/signed_out`)
    t.match(await page.locator('h1').textContent(), 'You are signed out')
    t.equal(await cookieNames(profile, front.origin), 'theme')
    await page.goBack()
    await seesSignIn(page)
  })
})

type SetUp = Readonly<{ gateway: Gateway; app: WebApp; provider: TestProvider }>

async function setUp(
  t: Test,
  { publicUrl, accessTokenTtl = 3600 }: { publicUrl?: string; accessTokenTtl?: number } = {},
): Promise<SetUp> {
  const provider = await startProvider(t, { accessTokenTtl })
  const app = await startWebApp(t)
  const gateway = await startGateway(t, {
    provider,
    upstream: app.origin,
    routes: ['path: /public/**, access: public', 'path: /**, access: authenticated'],
    ...(publicUrl !== undefined && { publicUrls: () => [publicUrl] }),
  })
  return { gateway, app, provider }
}

function refreshes({ tokenRequests }: TestProvider): number {
  return tokenRequests.filter(({ parameters }) => parameters['grant_type'] === 'refresh_token').length
}

async function cookieNames(
  profile: { cookies: (url?: string) => Promise<{ name: string }[]> },
  url?: string,
) {
  return (await profile.cookies(url)).map(({ name }) => name).join(' ')
}

function autoForm(action: string): string {
  return `<form method="post" action="${action}"><input name="item" value="gold"></form>
<script>document.forms[0].submit()</script>`
}
