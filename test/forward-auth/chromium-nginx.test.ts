import t, { type Test } from 'tap'
import { seesSignIn, signInAs, skipWithoutChromium, startChromium } from '../support/chromium.ts'
import { freePort } from '../support/free-port.ts'
import { skipWithout } from '../support/front.ts'
import { startGateway } from '../support/gateway.ts'
import { startProvider } from '../support/provider.ts'
import { startWebApp } from '../support/web-app.ts'
import { startPrinted } from './fronts.ts'

const skip = skipWithoutChromium || skipWithout('nginx')

/** A web app behind nginx, which asks the gateway. */
async function startBehindNginx(t: Test) {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const provider = await startProvider(t, { accessTokenTtl: 300 })
  const app = await startWebApp(t)
  const gateway = await startGateway(t, {
    provider,
    upstream: 'http://127.0.0.1:1',
    publicUrls: () => [origin],
    server: 'trusted_proxies: [127.0.0.1]',
    forwardAuth: 'preset: nginx, identity_headers: { X-Forwarded-User: sub }',
    routes: ['path: /**, access: authenticated'],
  })
  await startPrinted(t, 'nginx', { gateway, service: app.origin, port })
  return { provider, app, gateway, origin }
}

t.test('a person with Chromium signs in through nginx, works and signs out', { skip }, async (t) => {
  const chromium = await startChromium(t)
  const { provider, app, gateway, origin } = await startBehindNginx(t)
  const profile = await chromium.newProfile(t)
  const page = await profile.newPage()

  await page.goto(`${origin}/orders/7?tab=a%2Fb&x=//y`)
  await signInAs(page, 'alice')
  await page.waitForURL(`${origin}/orders/7?tab=a%2Fb&x=//y`)
  t.equal(await page.locator('#request').textContent(), 'GET /orders/7?tab=a%2Fb&x=//y')
  t.equal(await page.locator('#user').textContent(), 'alice')

  await page.locator('input[name=item]').fill('tea & cake')
  await page.locator('#order').click()
  await page.waitForURL(`${origin}/orders`)
  const [order] = app.received.filter(({ method }) => method === 'POST')
  t.equal(order?.body, 'item=tea+%26+cake')
  t.match(order?.header('authorization'), [/^Bearer \S+$/])

  await page.goto(`${origin}/live`)
  const hears = (text: string) => page.locator('#socket li', { hasText: text }).waitFor()
  await hears('open')
  gateway.advance(301)
  const statuses = await page.evaluate(async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => fetch(`/api/items/${i}`)))
    return answers.map(({ status }) => status)
  })
  t.strictSame(statuses, Array(20).fill(200))
  const refreshes = provider.tokenRequests.filter(
    ({ parameters }) => parameters['grant_type'] === 'refresh_token',
  )
  t.equal(refreshes.length, 1)
  await page.locator('#say').click()
  await hears('heard: hello')

  const other = await profile.newPage()
  await other.goto(`${origin}/orders`)
  await other.locator('#sign-out').click()
  await other.getByText('Signed out').first().waitFor()
  const { status, challenge } = await page.evaluate(async () => {
    const answer = await fetch('/api/items/1')
    return { status: answer.status, challenge: answer.headers.get('www-authenticate') }
  })
  t.equal(status, 401)
  t.match(challenge, /^Bearer realm=/)
  await page.goto(`${origin}/orders`)
  await seesSignIn(page)
})
