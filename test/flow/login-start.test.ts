import t from 'tap'
import { corpus } from '../support/corpus.ts'
import { ask, startScene } from '../support/scene.ts'

const form = 'GET /oauth2/start'

t.test('the authorization request is made of the configuration alone', async (t) => {
  const { gateway, provider, browser, upstream } = await startScene(t)
  const forged = 'client_id=x&redirect_uri=https://evil.test&scope=admin2&prompt=none&login_hint=bob&state=s'
  for (const path of [`/oauth2/start?${forged}`, `/page?${forged}`, `/oauth2/sign_in?rd=/&${forged}`]) {
    const answer = await browser.navigate(gateway.origin + path, {
      follow: false,
      headers: { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https', forwarded: 'host=evil.test' },
    })
    t.equal(answer.status, 302)
    t.equal(answer.headers['cache-control'], 'no-store')
    t.equal(answer.headers['referrer-policy'], 'no-referrer')
    const request = new URL(answer.headers.location as string)
    t.equal(request.origin, provider.issuer)
    const parameters = Object.fromEntries(request.searchParams)
    t.match(parameters, {
      client_id: 'postern',
      redirect_uri: `${gateway.origin}/oauth2/callback`,
      response_type: 'code',
      scope: 'openid profile email offline_access api.read api.write orders:read orders:write admin',
      login_hint: 'alice',
      code_challenge_method: 'S256',
      code_challenge: /^[\w-]{43}$/,
      state: /^[\w-]{43}$/,
      nonce: /^[\w-]{43}$/,
    })
    t.equal([...request.searchParams].length, Object.keys(parameters).length, 'no parameter twice')
    t.notOk('prompt' in parameters)
    t.match(
      answer.setCookies[0],
      /^postern\.login\.[\w.-]+=[\w-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
    )
  }
  t.equal(upstream.connections.length, 0)
})

t.test('a Host that is not ours begins nothing', async (t) => {
  const { gateway } = await startScene(t)
  const answer = await ask(gateway, form, ['Host: evil.test', 'Accept: text/html'])
  t.match(answer, /^HTTP\/1\.1 421 /)
  t.notMatch(answer, /set-cookie|^location:/im)
})

t.test('a login asked for by hand leads to rd', async (t) => {
  const { gateway, browser, upstream } = await startScene(t)
  const own = gateway.origin
  const rows = [
    ['/orders/7?tab=a%2Fb&x=//y#part', `${own}/orders/7?tab=a%2Fb&x=//y#part`],
    [`${own}/absolute?x=1`, `${own}/absolute?x=1`],
    ['https://evil.test/', `${own}/`],
    ['//evil.test', `${own}/`],
    ['/oauth2/sign_out', `${own}/`],
    ['', `${own}/`],
  ]
  for (const [rd = '', target] of rows) {
    const page = await browser.clone().navigate(`${own}/oauth2/sign_in?rd=${encodeURIComponent(rd)}`)
    t.equal(page.url, target, rd)
    t.equal(page.status, 200)
  }
  const twice = await browser.clone().navigate(`${own}/oauth2/start?rd=/a&rd=/b`)
  t.equal(twice.url, `${own}/`, 'two targets are none')
  t.match(
    upstream.bytes(),
    /^GET \/orders\/7\?tab=a%2Fb&x=\/\/y HTTP\/1\.1\r\n/,
    'the fragment stays with the browser',
  )
})

t.test('no hostile rd ever leads off our origin', async (t) => {
  const { gateway, browser } = await startScene(t)
  const hostile = corpus('redirects.tsv').filter(([, , safe]) => safe?.startsWith('REJECT'))
  t.ok(hostile.length > 50)
  // A sample of them through the provider and back; the table itself is the core's.
  for (const [value = '', id = ''] of hostile.filter((_, index) => index % 6 === 0)) {
    const page = await browser
      .clone()
      .navigate(`${gateway.origin}/oauth2/start?rd=${encodeURIComponent(value)}`)
    t.equal(page.url, `${gateway.origin}/`, id)
  }
})

t.test('only navigations begin a login', async (t) => {
  const { gateway, upstream } = await startScene(t, {
    routes: [
      'path: /**, access: authenticated',
      'path: /always/**, access: authenticated, on_unauthenticated: redirect',
      'path: /never/**, access: authenticated, on_unauthenticated: challenge',
    ],
  })
  const html = 'Accept: text/html,*/*;q=0.8'
  const rows: [line: string, headers: string[], status: number][] = [
    ['GET /', [html], 302],
    ['HEAD /', [html], 302],
    ['GET /', ['Sec-Fetch-Mode: navigate'], 302],
    ['GET /', [html, 'X-Requested-With: XMLHttpRequest'], 401],
    ['GET /', [html, 'Sec-Fetch-Mode: cors'], 401],
    ['GET /', ['Accept: application/json'], 401],
    ['GET /', [], 401],
    ['POST /', [html, 'Content-Length: 0'], 401],
    ['OPTIONS /', [html], 401],
    ['GET /always/x', ['Sec-Fetch-Mode: cors'], 302],
    ['POST /always/x', [html, 'Content-Length: 0'], 401],
    ['GET /never/x', [html, 'Sec-Fetch-Mode: navigate'], 401],
  ]
  for (const [line, headers, status] of rows) {
    const answer = await ask(gateway, line, headers)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    t.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), `${line} ${headers}`)
    t.match(head, /\r\ncache-control: no-store\r\n/i)
    if (status === 302) continue
    t.match(head, `\r\nwww-authenticate: Bearer realm="${gateway.origin}"\r\n`)
    t.match(JSON.parse(body), {
      error: 'login_required',
      login_url: `${gateway.origin}/oauth2/start`,
      status: 401,
      reason: 'no-session',
    })
    t.notMatch(head, /set-cookie/i)
  }
  t.equal(upstream.connections.length, 0)
})
