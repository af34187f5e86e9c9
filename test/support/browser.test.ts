import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { createBrowser } from './browser.ts'
import { startHostileProvider } from './hostile-provider.ts'

t.test('the browser-like client keeps cookies and follows redirects as browsers do', async (t) => {
  const server = createServer((request, response) => {
    const url = new URL(request.url as string, 'http://any')
    if (url.pathname === '/set') response.setHeader('set-cookie', url.searchParams.getAll('line'))
    if (url.pathname === '/go') {
      response.writeHead(Number(url.searchParams.get('status')), { location: '/echo' }).end()
      return
    }
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const { cookie, accept } = request.headers
      const mode = request.headers['sec-fetch-mode']
      response.end(JSON.stringify({ method: request.method, cookie, mode, accept, body }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const browser = createBrowser()
  const set = (...lines: string[]) =>
    browser.fetch(`${origin}/set?${lines.map((line) => `line=${encodeURIComponent(line)}`).join('&')}`)

  await set(
    'a=1; Path=/',
    'b=2; Path=/deep',
    '__Host-c=3; Path=/; Secure',
    '__Host-d=4; Path=/',
    'e=5; Domain=evil.example',
  )
  t.equal(browser.cookiesFor(`${origin}/`), 'a=1; __Host-c=3')
  t.equal(browser.cookiesFor(`${origin}/deep/x`), 'a=1; b=2; __Host-c=3')
  t.equal(browser.cookiesFor('http://localhost/'), '')
  const copy = browser.clone()
  await set('a=; Path=/; Max-Age=0')
  t.equal(browser.cookiesFor(`${origin}/`), '__Host-c=3')
  t.equal(copy.cookiesFor(`${origin}/`), 'a=1; __Host-c=3', 'a clone has a jar of its own')
  browser.setCookie(origin, '__Host-c', undefined)
  browser.setCookie(origin, 'f', '6')
  t.equal(browser.cookiesFor(`${origin}/`), 'f=6', 'a test may change any cookie')

  const post = { method: 'POST', body: 'x=1' }
  t.match((await browser.navigate(`${origin}/go?status=303`, post)).json(), {
    method: 'GET',
    body: '',
    mode: 'navigate',
  })
  t.match((await browser.navigate(`${origin}/go?status=307`, post)).json(), { method: 'POST', body: 'x=1' })
  t.equal((await browser.navigate(`${origin}/go?status=302`, { follow: false })).status, 302)
  t.equal((await browser.navigate(`${origin}/go?status=302`, { stopAt: `${origin}/echo` })).status, 302)
  t.match((await browser.fetch(`${origin}/echo`)).json(), { mode: 'cors', accept: '*/*' })
})

t.test('the hostile provider sends a browser straight back', async (t) => {
  const op = await startHostileProvider(t)
  const callback = 'http://127.0.0.1:1/callback'
  const query = new URLSearchParams({ redirect_uri: callback, state: 's', nonce: 'n' })
  const back = await createBrowser().navigate(`${op.issuer}/authorize?${query}`, { stopAt: callback })
  t.match(back.headers.location, `${callback}?code=`)
})
