import type { BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { seesSignIn, signInAs, skipWithoutChromium, startChromium } from '../support/chromium.ts'
import { startGateway } from '../support/gateway.ts'
import { type AcrOf, startProvider } from '../support/provider.ts'
import { users } from '../support/users.ts'
import { startWebApp } from '../support/web-app.ts'

const routes = [
  'path: /mfa/**, access: authenticated, acr: [mfa]',
  'path: /recent/**, access: authenticated, max_age: 5m',
  'path: /write/**, scopes: ["orders:write"], on_missing_scope: request',
  'path: /admin/**, scopes: [admin], on_missing_scope: request',
  'path: /**, access: authenticated',
]

const deep = '/7?tab=a%2Fb&x=//y'

/** A web app behind a gateway whose logins ask for little, and a person's browser that is signed in there as alice. */
async function start(t: Test, profile: BrowserContext, of: AcrOf) {
  const provider = await startProvider(t, { acr: { values: ['pwd', 'mfa'], of } })
  const app = await startWebApp(t)
  const gateway = await startGateway(t, {
    provider,
    providerKeys: 'scopes: [openid, profile, email]',
    upstream: app.origin,
    routes,
  })
  const page = await profile.newPage()
  const asked: string[] = []
  page.on('request', (request) => {
    const { origin, pathname, searchParams } = new URL(request.url())
    if (origin + pathname !== `${provider.issuer}/auth`) return
    const scope = searchParams.get('scope')?.replace('openid profile email', '').trim()
    asked.push([scope, searchParams.get('acr_values'), searchParams.get('max_age')].filter(Boolean).join(' '))
  })
  await page.goto(`${gateway.origin}/home`)
  await signInAs(page, 'alice')
  await page.locator('#user').waitFor()
  return { page, origin: gateway.origin, gateway, provider, asked }
}

const sees = (page: Page, heading: string | RegExp) => page.getByRole('heading', { name: heading }).waitFor()

t.test('a person with Chromium', { skip: skipWithoutChromium }, async (t) => {
  const chromium = await startChromium(t)

  t.test('signs in more strongly for one page, and lands exactly there', async (t) => {
    const { page, origin, asked } = await start(
      t,
      await chromium.newProfile(t),
      (_user, [acr]) => acr ?? 'pwd',
    )
    await page.goto(`${origin}/mfa${deep}`)
    await signInAs(page, 'alice')
    await page.waitForURL(`${origin}/mfa${deep}`)
    t.equal(await page.locator('#request').textContent(), `GET /mfa${deep}`)
    await page.reload()
    t.equal(await page.locator('#request').textContent(), `GET /mfa${deep}`)
    t.strictSame(asked, ['', 'mfa'])
  })

  t.test('signs in anew for a page that wants a recent sign-in', async (t) => {
    const profile = await chromium.newProfile(t)
    const { page, origin, asked, provider } = await start(t, profile, () => 'pwd')
    provider.behaviour.signedInAgo = 400
    await profile.clearCookies()
    await page.goto(`${origin}/home`)
    await signInAs(page, 'alice')
    await page.locator('#user').waitFor()
    provider.behaviour.signedInAgo = 0
    await page.goto(`${origin}/recent${deep}`)
    await signInAs(page, 'alice')
    await page.waitForURL(`${origin}/recent${deep}`)
    t.equal(await page.locator('#request').textContent(), `GET /recent${deep}`)
    t.strictSame(asked, ['', '', '300'])
  })

  t.test('is told when the provider does no better, and asks again by hand', async (t) => {
    let of: AcrOf = () => 'pwd'
    const profile = await chromium.newProfile(t)
    const { page, origin, asked } = await start(t, profile, (...given) => of(...given))
    await page.goto(`${origin}/mfa${deep}`)
    await signInAs(page, 'alice')
    await sees(page, 'This page needs a stronger sign-in')
    t.equal(page.url(), `${origin}/mfa${deep}`)
    await page.reload()
    await sees(page, 'This page needs a stronger sign-in')
    t.strictSame(asked, ['', 'mfa'])

    of = (_user, [acr]) => acr ?? 'pwd'
    await page.getByRole('link', { name: 'Sign in once more' }).click()
    await signInAs(page, 'alice')
    await page.waitForURL(`${origin}/mfa${deep}`)
    t.equal(await page.locator('#request').textContent(), `GET /mfa${deep}`)
    t.strictSame(asked, ['', 'mfa', 'mfa'])
  })

  t.test('is told that a sign-in is too long ago when the provider remembers longer', async (t) => {
    const { page, origin, asked, gateway } = await start(t, await chromium.newProfile(t), () => 'pwd')
    gateway.advance(301)
    await page.goto(`${origin}/recent${deep}`)
    await sees(page, 'You signed in too long ago for this page')
    t.equal(page.url(), `${origin}/recent${deep}`)
    await page.reload()
    await sees(page, 'You signed in too long ago for this page')
    t.strictSame(asked, ['', '300'])
  })

  t.test('gets JSON with what to do when a script asks, and keeps a form that is sent', async (t) => {
    const { page, asked } = await start(t, await chromium.newProfile(t), (_user, [acr]) => acr ?? 'pwd')
    const answer = await page.evaluate(async () => {
      const response = await fetch('/mfa/api')
      return { status: response.status, challenge: response.headers.get('www-authenticate') }
    })
    t.match(answer, { status: 401, challenge: /insufficient_user_authentication.*acr_values="mfa"/ })

    await page.evaluate("document.forms[0].action = '/mfa/orders'")
    await page.locator('input[name=item]').fill('a long letter')
    await page.locator('#order').click()
    await sees(page, 'Sign in once more to send this')
    t.strictSame(asked, [''])
    const opened = page.waitForEvent('popup')
    await page.getByRole('link', { name: 'Sign in' }).click()
    const tab = await opened
    await signInAs(tab, 'alice')
    await tab.locator('#user').waitFor()
    await page.reload()
    t.equal(await page.locator('#request').textContent(), 'POST /mfa/orders')
  })

  t.test('is asked for a permission when a page needs it, and told when it is not given', async (t) => {
    const { page, origin, asked } = await start(t, await chromium.newProfile(t), () => 'pwd')
    await page.goto(`${origin}/write${deep}`)
    t.equal(page.url(), `${origin}/write${deep}`)
    t.equal(await page.locator('#request').textContent(), `GET /write${deep}`)
    t.strictSame(asked, ['', 'orders:write'])

    await page.goto(`${origin}/admin${deep}`)
    await sees(page, 'You do not have access to this page')
    t.equal(page.url(), `${origin}/admin${deep}`)
    await page.reload()
    await sees(page, 'You do not have access to this page')
    t.strictSame(asked.slice(2), ['admin orders:write'])
    await page.goto(`${origin}/write${deep}`)
    t.equal(await page.locator('#user').textContent(), 'alice', 'what was granted before is still there')

    await page.goto(`${origin}/admin${deep}`)
    await page.getByRole('link', { name: 'Ask for permission again' }).click()
    await sees(page, 'You do not have access to this page')
    t.equal(page.url(), `${origin}/admin${deep}`)
    t.strictSame(asked.slice(3), ['admin orders:write'])
    t.notOk(users['alice']?.scopes.includes('admin'))
  })

  t.test('who says no at the provider keeps the session', async (t) => {
    const { page, origin } = await start(t, await chromium.newProfile(t), () => 'pwd')
    await page.goto(`${origin}/mfa`)
    await seesSignIn(page)
    await page.locator('button#deny').click()
    await sees(page, 'Signing in was refused')
    await page.goto(`${origin}/home`)
    t.equal(await page.locator('#user').textContent(), 'alice')
  })
})
