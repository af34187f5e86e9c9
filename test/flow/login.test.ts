import t from 'tap'
import { createBrowser } from '../support/browser.ts'
import { startGateway } from '../support/gateway.ts'
import { startProvider } from '../support/provider.ts'
import { startRecorder } from '../support/recorder.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'
const hint = 'authorization_params: { login_hint: alice }'

t.test('a person signs in at a real provider and lands on the deep link that was asked for', async (t) => {
  const provider = await startProvider(t)
  const upstream = await startRecorder(ok)
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    provider,
    providerKeys: hint,
    upstream: upstream.origin,
    routes: ['path: /**, access: authenticated'],
  })
  const browser = createBrowser()
  const page = await browser.navigate(`${gateway.origin}/orders/7?tab=a%2Fb&x=//y`)
  t.equal(page.status, 200, page.body)
  t.equal(page.url, `${gateway.origin}/orders/7?tab=a%2Fb&x=//y`)
  t.equal(page.body, 'hi')
  const [requestLine] = upstream.bytes().split('\r\n')
  t.equal(requestLine, 'GET /orders/7?tab=a%2Fb&x=//y HTTP/1.1')
  t.match(upstream.bytes(), /\r\nAuthorization: Bearer \S+\r\n/i)
  t.notMatch(upstream.bytes(), /postern/i, 'no cookie of ours')
})
