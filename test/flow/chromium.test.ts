import t from 'tap'
import { cookieNames, seesSignIn, signInAs, skipWithoutChromium, startChromium } from '../support/chromium.ts'
import { startProtectedApp } from '../support/protected-app.ts'
import type { TestProvider } from '../support/provider.ts'

t.test('a person with Chromium', { skip: skipWithoutChromium }, async (t) => {
  const chromium = await startChromium(t)

  t.test('signs in, lands on the deep link that was asked for, and submits a form', async (t) => {
    const { gateway, app } = await startProtectedApp(t)
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
    const { gateway, app, provider } = await startProtectedApp(t, { accessTokenTtl: 300 })
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
    const { gateway } = await startProtectedApp(t)
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
    const { gateway, app } = await startProtectedApp(t)
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

  t.test('does not lose a form that is sent after the session has ended', async (t) => {
    const { gateway, app } = await startProtectedApp(t, { session: 'idle_timeout: 5m' })
    const page = await (await chromium.newProfile(t)).newPage()
    const orders = () => app.received.filter(({ method }) => method === 'POST').map(({ body }) => body)
    await page.goto(`${gateway.origin}/orders`)
    await signInAs(page, 'alice')
    await page.locator('input[name=item]').fill('a long letter')
    gateway.advance(301)
    await page.locator('#order').click()
    const signIn = page.getByRole('link', { name: 'Sign in' })
    await signIn.waitFor()
    t.strictSame(orders(), [])

    const opened = page.waitForEvent('popup')
    await signIn.click()
    await (await opened).locator('#user').waitFor()
    await page.reload()
    t.equal(await page.locator('#request').textContent(), 'POST /orders')
    t.strictSame(orders(), ['item=a+long+letter'])
  })
})

function refreshes({ tokenRequests }: TestProvider): number {
  return tokenRequests.filter(({ parameters }) => parameters['grant_type'] === 'refresh_token').length
}
