import t from 'tap'
import { seesSignIn, signInAs, skipWithoutChromium, startChromium } from '../support/chromium.ts'
import { startScene } from '../support/scene.ts'

const page = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 21\r\n\r\n<h1>the service</h1>\n'

t.test('in Chromium', { skip: skipWithoutChromium }, async (t) => {
  const chromium = await startChromium(t)

  t.test(
    'a page behind a stronger sign-in is reached by one, and refused after one that was none',
    async (t) => {
      const { gateway, provider, upstream } = await startScene(t, {
        hint: '',
        answer: page,
        routes: ['path: /gold/**, access: authenticated, acr: [gold]', 'path: /**, access: authenticated'],
      })
      const profile = await chromium.newProfile(t)
      const tab = await profile.newPage()
      await tab.goto(`${gateway.origin}/plain`)
      await signInAs(tab, 'alice')
      await tab.getByText('the service').waitFor()

      provider.behaviour.authentication = { acr: 'bronze' }
      await tab.goto(`${gateway.origin}/gold/vault?drawer=7`)
      await seesSignIn(tab)
      await signInAs(tab, 'alice')
      await tab.getByText('This page needs a stronger sign-in').waitFor()
      t.equal(tab.url(), `${gateway.origin}/gold/vault?drawer=7`)
      t.equal(provider.authorizationRequests.length, 2)
      t.notMatch(upstream.bytes(), '/gold')
      await tab.reload()
      await tab.getByText('This page needs a stronger sign-in').waitFor()
      t.equal(provider.authorizationRequests.length, 2, 'a reload asks nobody')

      provider.behaviour.authentication = { acr: 'gold' }
      await tab.getByText('Sign in once more').click()
      await seesSignIn(tab)
      await signInAs(tab, 'alice')
      await tab.getByText('the service').waitFor()
      t.equal(tab.url(), `${gateway.origin}/gold/vault?drawer=7`)
      t.equal(provider.authorizationRequests.length, 3)
    },
  )

  t.test('a page that needs one more scope gets it on the way, or says what is missing', async (t) => {
    const { gateway, provider } = await startScene(t, {
      hint: '',
      answer: page,
      providerKeys: 'scopes: [openid, offline_access, email]',
      routes: [
        'path: /write/**, scopes: ["orders:write"], on_missing_scope: request',
        'path: /admin/**, scopes: [admin], on_missing_scope: request',
        'path: /**, access: authenticated',
      ],
    })
    const profile = await chromium.newProfile(t)
    const tab = await profile.newPage()
    await tab.goto(`${gateway.origin}/plain`)
    await signInAs(tab, 'alice')
    await tab.getByText('the service').waitFor()
    await tab.goto(`${gateway.origin}/write/form`)
    await tab.getByText('the service').waitFor()
    t.equal(tab.url(), `${gateway.origin}/write/form`)
    await tab.goto(`${gateway.origin}/admin/x`)
    await tab.getByText('You do not have access to this page').waitFor()
    t.equal(provider.authorizationRequests.length, 3)
    await tab.reload()
    t.equal(provider.authorizationRequests.length, 3)
    await tab.goto(`${gateway.origin}/write/form`)
    t.equal(provider.authorizationRequests.length, 3, 'what was granted before is still there')
    await tab.getByText('the service').waitFor()
  })
})
