import t from 'tap'
import { ask, cookieLine, headsAt, startScene, startSignedIn, valuesOf } from '../support/scene.ts'

const html = 'Accept: text/html'

const routes = [
  'path: /public/**, access: public',
  'path: /optional/**, access: optional',
  'path: /api/**, access: authenticated, methods: [GET]',
  'path: /api/items, access: authenticated, methods: [POST, PUT]',
  'path: /admin/**, scopes: [admin]',
  'path: /orders/**, any_scope: ["orders:refund", "orders:cancel"]',
  'path: /staff/**, claims: { groups: [managers] }',
  'path: /files/**, access: authenticated, allow: [encoded-slash, empty-segment]',
  'path: /web/**, access: authenticated',
]

t.test('what no rule admits is answered here, and the upstream hears nothing', async (t) => {
  const { gateway, upstream, ...scene } = await startSignedIn(t, { routes })
  const cookie = cookieLine({ gateway, ...scene })
  const rows: [line: string, status: number, more?: RegExp, headers?: string[]][] = [
    ['GET /nothing', 404, /"reason":"no-rule"/],
    ['GET /oauth2', 404, /"reason":"own-endpoint-unknown"/],
    ['GET /oauth2/nothing', 404, /"reason":"own-endpoint-unknown"/],
    ['GET /%6fauth2/nothing', 404, /"reason":"own-endpoint-unknown"/],
    ['GET /oauth2/start/', 404, /"reason":"own-endpoint-unknown"/],
    ['POST /oauth2/start', 405, /\r\nallow: GET\r\n/i],
    ['PUT /oauth2/sign_out', 405, /\r\nallow: POST, GET\r\n/i],
    ['DELETE /oauth2/userinfo', 405, /\r\nallow: GET\r\n/i],
    ['GET /api/items', 405, /\r\nallow: POST, PUT\r\n/i],
    ['HEAD /api/items', 405, /\r\nallow: POST, PUT\r\n/i],
    ['POST /api/other', 405, /\r\nallow: GET, HEAD\r\n/i],
    ['TRACE /web/x', 405],
    ['TRACE /public/x', 405],
    ['GET /web/../admin', 400, /"reason":"target-not-canonical"/],
    ['GET /web\\x', 400, /"reason":"target-not-canonical"/],
    ['GET /web/%00', 400, /"reason":"target-not-canonical"/],
    ['GET /web/%zz', 400, /"reason":"target-not-canonical"/],
    ['GET http://localhost/web/x', 400, /"reason":"target-not-canonical"/],
    ['OPTIONS *', 400, /"reason":"target-not-canonical"/],
    ['GET /web//x', 400, /"reason":"target-needs-opt-in"/],
    ['GET /web/a%2fb', 400, /"reason":"target-needs-opt-in"/],
    ['GET /web/x', 421, /"reason":"host-unknown"/, ['Host: evil.test']],
    ['GET /web/x', 400, /"reason":"host-invalid"/, ['Host: a b']],
    ['GET /web/x', 400, /"reason":"host-repeated"/, [`Host: ${gateway.origin.slice(7)}`, 'Host: evil.test']],
  ]
  const before = upstream.bytes()
  for (const [line, status, more = /./, headers = []] of rows) {
    const answer = await ask(gateway, line, [cookie, ...headers])
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), line)
    t.match(answer, more, line)
    t.match(answer, /\r\ncache-control: no-store\r\n/i)
    const page = await ask(gateway, line, [cookie, html, ...headers])
    t.match(page, new RegExp(`^HTTP/1\\.1 ${status} `), line)
  }
  t.match(
    await ask(gateway, 'GET /nothing', [html]),
    /<h1>[\s\S]*content-security-policy|content-security-policy[\s\S]*<h1>/i,
  )
  t.equal(upstream.bytes(), before)
})

t.test('HEAD is answered like GET, without the page', async (t) => {
  const { gateway } = await startScene(t, { routes })
  const [get, head] = await Promise.all(
    ['GET', 'HEAD'].map((method) => ask(gateway, `${method} /nothing`, [html])),
  )
  const length = /\r\ncontent-length: \d+\r\n/i
  t.equal(head?.match(length)?.[0], get?.match(length)?.[0])
  t.ok(head?.endsWith('\r\n\r\n'))
})

t.test('what is sent on is what was judged', async (t) => {
  const scene = await startSignedIn(t, { routes })
  const { gateway, upstream } = scene
  const rows: [sent: string, judged: string][] = [
    ['/web/a%7eb/%c3%a9?q=%zz%2F..//', '/web/a~b/%C3%A9?q=%zz%2F..//'],
    ['/WEB/Case', '/WEB/Case'],
    ['/files/a%2fb', '/files/a%2Fb'],
    ['/files//x', '/files//x'],
    ['/web/x;v=1', '/web/x;v=1'],
    ['/web/x.', '/web/x.'],
    ['/api', '/api'],
  ]
  for (const [sent, judged] of rows) {
    t.match(await ask(gateway, `GET ${sent}`, [cookieLine(scene)]), /^HTTP\/1\.1 200 /, sent)
    t.equal(headsAt(upstream).at(-1)?.[0], `GET ${judged} HTTP/1.1`)
  }
})

t.test('a path that some upstream reads otherwise must pass both ways', async (t) => {
  const scene = await startSignedIn(t, { routes: [...routes, 'path: /web/open, access: public'] })
  const { gateway, upstream } = scene
  const before = upstream.bytes()
  t.match(await ask(gateway, 'GET /web;x/open', [cookieLine(scene)]), /^HTTP\/1\.1 404 /)
  t.match(await ask(gateway, 'GET /public/..;/admin', [cookieLine(scene)]), /^HTTP\/1\.1 400 /)
  t.match(await ask(gateway, 'GET /public;/x', [cookieLine(scene)]), /^HTTP\/1\.1 404 /)
  t.match(
    await ask(gateway, 'POST /api/items;x', [cookieLine(scene), 'Content-Length: 0']),
    /^HTTP\/1\.1 405 /,
  )
  t.match(await ask(gateway, 'GET /web/open;x'), /^HTTP\/1\.1 401 /, 'as written, the rule of /web/** counts')
  t.match(await ask(gateway, 'GET /admin;x/y', [cookieLine(scene)]), /^HTTP\/1\.1 404 /)
  t.match(
    await ask(gateway, 'GET /api/items;x', [cookieLine(scene)]),
    /^HTTP\/1\.1 405 /,
    'the other reading has no GET',
  )
  t.equal(upstream.bytes(), before)
})

t.test('a rule that is hidden behind another reading still counts', async (t) => {
  const scene = await startSignedIn(t, {
    routes: ['path: /**, access: public', 'path: /admin/**, scopes: [admin]'],
  })
  const { gateway, upstream } = scene
  const { length } = headsAt(upstream)
  for (const path of ['/admin;x/y', '/ADMIN;/y', '/admin./y', '/admin%20/y']) {
    t.match(await ask(gateway, `GET ${path}`), /^HTTP\/1\.1 401 /, path)
    t.match(
      await ask(gateway, `GET ${path}`, [cookieLine(scene)]),
      /^HTTP\/1\.1 403 [\s\S]*"missing-scope"/,
      path,
    )
  }
  t.equal(headsAt(upstream).length, length)
})

t.test('what an account lacks is named, on the page and in its JSON twin', async (t) => {
  const scene = await startSignedIn(t, { routes })
  const { gateway, upstream, browser } = scene
  const rows: [path: string, text: RegExp, reason: string, missing: object][] = [
    ['/admin/x', /Permission needed[\s\S]*admin/, 'missing-scope', { scopes: ['admin'] }],
    [
      '/orders/x',
      /One of these[\s\S]*orders:refund[\s\S]*orders:cancel/,
      'missing-scope',
      { any_scope: ['orders:refund', 'orders:cancel'] },
    ],
    ['/staff/x', /Missing or different[\s\S]*groups/, 'missing-claim', { claims: ['groups'] }],
  ]
  const before = upstream.bytes()
  for (const [path, text, reason, missing] of rows) {
    const page = await browser.navigate(gateway.origin + path)
    t.equal(page.status, 403)
    t.match(page.body, text)
    t.match(page.body, /alice@example\.com/)
    t.notMatch(page.body, /managers/, 'the values that would do stay ours')
    const api = await browser.fetch(gateway.origin + path)
    t.match(api.headers['content-type'], 'application/problem+json')
    t.match(api.json(), { status: 403, reason, missing })
    t.match((api.json() as { request_id: string }).request_id, /^[a-z\d]+-[a-z\d]+$/)
  }
  t.equal(upstream.bytes(), before)
})

t.test('optional and public rules serve everybody; only optional ones look at who it is', async (t) => {
  const scene = await startSignedIn(t, { routes })
  const { gateway, upstream } = scene
  for (const [path, cookie, user] of [
    ['/public/x', '', []],
    ['/public/x', cookieLine(scene), []],
    ['/optional/x', '', []],
    ['/optional/x', 'Cookie: postern=0.1.forged', []],
    ['/optional/x', cookieLine(scene), ['alice']],
  ] as const) {
    const answer = await ask(gateway, `GET ${path}`, cookie === '' ? [] : [cookie])
    t.match(answer, /^HTTP\/1\.1 200 /)
    const head = headsAt(upstream).at(-1)
    t.strictSame(valuesOf(head, 'x-forwarded-user'), user)
    t.equal(valuesOf(head, 'authorization').length, user.length)
    t.equal(/set-cookie/i.test(answer), cookie.includes('forged'), 'a cookie that opens nothing is cleared')
    t.equal(/cache-control: private, no-store/i.test(answer), path.startsWith('/optional'))
  }
})
