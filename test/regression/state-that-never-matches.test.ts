import t from 'tap'
import { createBrowser } from '../support/browser.ts'
import { startGateway } from '../support/gateway.ts'
import { startHostileProvider } from '../support/hostile-provider.ts'
import { startRecorder } from '../support/recorder.ts'

t.test('a provider that does not give the state back is told on a page, not in circles', async (t) => {
  const op = await startHostileProvider(t)
  const upstream = await startRecorder()
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    provider: `issuer: "${op.issuer}", client_id: ${op.clientId}, client_secret: ${op.clientSecret}`,
    upstream: upstream.origin,
    routes: ['path: /**, access: authenticated'],
  })
  op.deviations.answer = {
    authorize: ({ parameters }) => {
      const { redirect_uri: redirectUri = '', nonce = '' } = parameters
      const location = op.callback(redirectUri, { state: 'mangled', nonce }).href
      return { status: 302, headers: { location } }
    },
  }
  const page = await createBrowser().navigate(`${gateway.origin}/deep`)
  t.equal(page.status, 400)
  t.match(page.body, /not started here/)
  t.equal(op.count('authorize'), 2, 'begun once more, and no more')
  t.equal(op.count('token'), 0)
})
