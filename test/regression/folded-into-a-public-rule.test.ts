import t from 'tap'
import { createBrowser } from '../support/browser.ts'
import { startGateway } from '../support/gateway.ts'
import { startProvider } from '../support/provider.ts'
import { startRecorder } from '../support/recorder.ts'

const cacheable = 'HTTP/1.1 200 OK\r\nCache-Control: public, max-age=600\r\nContent-Length: 2\r\n\r\nhi'

t.test(
  'a protected page behind a public spelling is not for shared caches, and no token goes along',
  async (t) => {
    const provider = await startProvider(t)
    const upstream = await startRecorder(cacheable)
    t.teardown(upstream.close)
    const gateway = await startGateway(t, {
      provider,
      providerKeys: 'authorization_params: { login_hint: alice }',
      upstream: upstream.origin,
      routes: [
        'path: /public/**, access: public',
        'path: /public/reports/**, access: authenticated',
        'path: /**, access: authenticated',
      ],
    })
    const browser = createBrowser()
    await browser.navigate(`${gateway.origin}/`)
    for (const path of ['/public/reports;x/1.css', '/public/reports%20/1.css', '/public/reports./1.css']) {
      const seen = upstream.bytes().length
      const page = await browser.navigate(`${gateway.origin}${path}`)
      t.equal(page.status, 200)
      t.equal(page.headers['cache-control'], 'private, max-age=600', path)
      t.notMatch(upstream.bytes().slice(seen), /authorization|x-forwarded-user/i, path)
    }
    const open = await browser.navigate(`${gateway.origin}/public/logo.css`)
    t.equal(open.headers['cache-control'], 'public, max-age=600')
  },
)
