import t from 'tap'
import { signInAs, skipWithoutChromium, startChromium } from '../support/chromium.ts'
import { startProtectedApp } from '../support/protected-app.ts'

t.test('a person with Chromium, by HTTP/2', { skip: skipWithoutChromium }, async (t) => {
  const chromium = await startChromium(t)

  t.test('signs in, submits a form, has a WebSocket and events, and signs out', async (t) => {
    const { gateway, app } = await startProtectedApp(t, { isTls: true })
    const origin = `https://localhost:${gateway.port}`
    const page = await (await chromium.newProfile(t)).newPage()
    const sees = (list: string, text: string) => page.locator(`${list} li`, { hasText: text }).waitFor()

    await page.goto(`${origin}/orders/7?tab=a%2Fb`)
    await signInAs(page, 'alice')
    await page.waitForURL(`${origin}/orders/7?tab=a%2Fb`)
    t.equal(await page.locator('#user').textContent(), 'alice')
    const protocol = () =>
      page.evaluate("performance.getEntriesByType('navigation').map((entry) => entry.nextHopProtocol).join()")
    t.equal(await protocol(), 'h2')

    await page.locator('input[name=item]').fill('tea & cake')
    await page.locator('#order').click()
    await page.waitForURL(`${origin}/orders`)
    const [order] = app.received.filter(({ method }) => method === 'POST')
    t.equal(order?.body, 'item=tea+%26+cake')
    t.strictSame(order?.header('cookie'), ['theme=dark'], 'its own cookie, and none of ours')
    t.match(order?.header('authorization'), [/^Bearer \S+$/])

    await page.goto(`${origin}/live`)
    await sees('#socket', 'open')
    await sees('#events', 'open')
    app.broadcast('to all')
    await sees('#events', 'to all')
    await sees('#socket', 'to all')
    t.equal(await protocol(), 'h2', 'the WebSocket has a connection of HTTP/1.1 beside it')

    await page.goto(`${origin}/oauth2/sign_out`)
    t.match(await page.locator('h1').textContent(), /sign|out/i)
  })
})
