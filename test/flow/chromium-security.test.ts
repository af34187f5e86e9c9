import t from 'tap'
import { cookieNames, seesSignIn, signInAs, skipWithoutChromium, startChromium } from '../support/chromium.ts'
import { startProtectedApp } from '../support/protected-app.ts'
import { startSite } from '../support/site.ts'
import { startTlsFront } from '../support/tls-front.ts'

t.test('in Chromium', { skip: skipWithoutChromium }, async (t) => {
  const chromium = await startChromium(t)

  t.test('a sign-out holds everywhere, and the Back button shows nothing protected', async (t) => {
    const { gateway, app, provider } = await startProtectedApp(t)
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

  t.test('a page of another site can neither sign anybody out nor order anything', async (t) => {
    const { gateway, app, provider } = await startProtectedApp(t)
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
      await page.reload()
    }
    t.strictSame(
      app.received.filter(({ method }) => method === 'POST'),
      [],
    )
    t.strictSame(provider.revocations, [])
    await page.goto(`${gateway.origin}/orders`)
    t.equal(await page.locator('#user').textContent(), 'alice')
  })

  t.test('no script can read the session cookie', async (t) => {
    const { gateway } = await startProtectedApp(t)
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

  t.test('on https the cookies are __Host- cookies, and a link of the app signs out of them', async (t) => {
    const front = await startTlsFront(t)
    const { gateway, app } = await startProtectedApp(t, { publicUrl: front.origin })
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

function autoForm(action: string): string {
  return `<form method="post" action="${action}"><input name="item" value="gold"></form>
<script>document.forms[0].submit()</script>`
}
