import t, { type Test } from 'tap'
import { createBrowser } from '../support/browser.ts'
import { startGateway } from '../support/gateway.ts'
import { startHostileProvider } from '../support/hostile-provider.ts'
import { startRecorder } from '../support/recorder.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'

async function start(t: Test) {
  const provider = await startHostileProvider(t)
  const upstream = await startRecorder(ok)
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    provider: { ...provider, redirectUris: new Set() },
    upstream: upstream.origin,
    routes: ['path: /admin/**, scopes: [admin]', 'path: /**, access: authenticated'],
  })
  return { provider, gateway, browser: createBrowser() }
}

// An object that cannot be turned into text: String() of it throws.
const noText = { toString: 1 }

t.test('a claim that cannot be written out does not break the pages that name the account', async (t) => {
  const { provider, gateway, browser } = await start(t)
  provider.deviations.claims = { email: noText, preferred_username: [noText] }
  await browser.navigate(`${gateway.origin}/`)
  const forbidden = await browser.navigate(`${gateway.origin}/admin/x`)
  t.equal(forbidden.status, 403)
  t.match(forbidden.body, '<bdi>alice</bdi>')
  const signOut = await browser.navigate(`${gateway.origin}/oauth2/sign_out`)
  t.equal(signOut.status, 200)
  t.match(signOut.body, '<bdi>alice</bdi>')
})

t.test('such a claim in a refresh does not end the process', async (t) => {
  const { provider, gateway, browser } = await start(t)
  provider.deviations.accessTokenTtl = 65
  await browser.navigate(`${gateway.origin}/`)
  provider.deviations.claims = { email: noText }
  gateway.advance(70)
  const forbidden = await browser.navigate(`${gateway.origin}/admin/x`)
  t.equal(forbidden.status, 403)
})
