import t from 'tap'
import type { Connection } from '../support/recorder.ts'
import {
  ask,
  cookieLine,
  headsAt,
  requestBytes,
  type Scene,
  type SceneOptions,
  startScene,
  startSignedIn,
  valuesOf,
} from '../support/scene.ts'

const spa = 'https://spa.example'
const allowed = `Origin: ${spa}`
const evil = 'Origin: https://evil.test'
const anyPolicy = `cors: { origins: ["${spa}"], credentials: true }`
const routes = [
  'path: /**, access: authenticated',
  `path: /api/**, access: authenticated, cors: { origins: ["https://other.example", "${spa}"], methods: [GET, PUT, PATCH], headers: [Content-Type, X-Thing], expose_headers: [ETag], credentials: true, max_age: 5m }`,
  `path: /open/**, access: public, ${anyPolicy}`,
  `path: /any/**, access: authenticated, ${anyPolicy}`,
  `path: /plain/**, access: authenticated, cors: { origins: ["${spa}"] }`,
  `path: /admin/**, scopes: [nobody-has-this], ${anyPolicy}`,
  `path: /always/**, access: authenticated, on_unauthenticated: redirect, ${anyPolicy}`,
  `path: /any/secret/**, access: authenticated`,
  `path: /any/shy/**, access: authenticated, cors: { origins: ["${spa}"], methods: [GET] }`,
  `path: /any/nothing/**, methods: [DELETE], access: authenticated`,
  `path: /split/**, methods: [GET], access: authenticated, cors: { origins: ["${spa}"], methods: [GET, PUT] }`,
  'path: /split/**, methods: [OPTIONS, PUT], access: public',
  'path: /bare/**, access: public',
]

/** What an upstream that knows CORS itself says. */
const ownCors = [
  'Access-Control-Allow-Origin: *',
  'ACCESS-CONTROL-ALLOW-CREDENTIALS: true',
  'access-control-expose-headers: X-Secret',
  'Access-Control-Whatever: 1',
  'Vary: Accept-Encoding',
]
const fromUpstream = ['HTTP/1.1 200 OK', ...ownCors, 'Content-Length: 2', '', 'hi'].join('\r\n')

/** The headers of an answer by lower-case name, each with all its values. */
function headersOf(answer: string): Record<string, string[]> {
  const headers: Record<string, string[]> = {}
  for (const line of answer.slice(0, answer.indexOf('\r\n\r\n')).split('\r\n').slice(1)) {
    const end = line.indexOf(':')
    const name = line.slice(0, end).toLowerCase()
    headers[name] = [...(headers[name] ?? []), line.slice(end + 1).trim()]
  }
  return headers
}

/** What of an answer is about CORS. */
function corsOf(answer: string): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(headersOf(answer)).filter(([name]) => name.startsWith('access-control-')),
  )
}

/** Tells whether caches and browsers are told that an answer depends on the origin. */
function variesByOrigin(answer: string): boolean {
  return (headersOf(answer)['vary'] ?? []).some((value) => /(?:^|, )Origin(?:$|,)/.test(value))
}

function statusOf(answer: string): number {
  return Number(answer.split(' ')[1])
}

function preflight({ gateway }: Pick<Scene, 'gateway'>, path: string, method: string, ...more: string[]) {
  const origin = more.some((line) => line.startsWith('Origin:')) ? [] : [allowed]
  return ask(gateway, `OPTIONS ${path}`, [...origin, `Access-Control-Request-Method: ${method}`, ...more])
}

/** Alice is signed in, and what the upstream got until now is forgotten. */
async function startWithAlice(t: Parameters<typeof startSignedIn>[0], options: SceneOptions): Promise<Scene> {
  const scene = await startSignedIn(t, options)
  headsAt(scene.upstream).splice(0)
  return scene
}

t.test('a preflight is answered without credentials and without the upstream', async (t) => {
  const scene = await startScene(t, { routes })
  const answer = await preflight(
    scene,
    '/api/x?a=1',
    'PUT',
    'Access-Control-Request-Headers: x-thing, x-other',
  )
  t.match(answer, /^HTTP\/1\.1 204 /)
  t.strictSame(corsOf(answer), {
    'access-control-allow-origin': [spa],
    'access-control-allow-credentials': ['true'],
    'access-control-allow-methods': ['GET, PUT, PATCH'],
    'access-control-allow-headers': ['content-type, x-thing'],
    'access-control-max-age': ['300'],
  })
  t.strictSame(headersOf(answer)['vary'], [
    'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
  ])
  t.equal(headersOf(answer)['set-cookie'], undefined)
  t.ok(answer.endsWith('\r\n\r\n'), 'no body')
  t.equal(headsAt(scene.upstream).length, 0)
  await scene.gateway.logged(/"reason":"preflight"/)
  const line = scene.gateway.logs().find(({ reason }) => reason === 'preflight')
  t.match(line, { rule: 'routes[1]', status: 204, method: 'OPTIONS' })
})

t.test('preflights of public routes and of routes without a list of methods are answered too', async (t) => {
  const scene = await startScene(t, { routes })
  const open = await preflight(scene, '/open/x', 'DELETE')
  t.match(open, /^HTTP\/1\.1 204 /)
  t.match(corsOf(open), {
    'access-control-allow-methods': ['DELETE'],
    'access-control-allow-headers': ['authorization, content-type'],
    'access-control-max-age': ['600'],
  })
  const plain = await preflight(scene, '/plain/x', 'PUT')
  t.equal(corsOf(plain)['access-control-allow-credentials'], undefined)
  t.match(await preflight(scene, '/api/x', 'HEAD'), /^HTTP\/1\.1 204 /, 'HEAD is judged as GET')
  t.match(await preflight(scene, '/open/x', 'HEAD'), /^HTTP\/1\.1 204 /)
  t.equal(headsAt(scene.upstream).length, 0)
})

t.test('a preflight that is refused says nothing about CORS and reaches nobody', async (t) => {
  const scene = await startWithAlice(t, { routes })
  const rows: [path: string, method: string, ...headers: string[]][] = [
    ['/api/x', 'PUT', evil],
    ['/api/x', 'PUT', 'Origin: null'],
    ['/api/x', 'PUT', 'Origin: *'],
    ['/api/x', 'PUT', `Origin: ${spa}.evil.test`],
    ['/api/x', 'PUT', 'Origin: http://spa.example'],
    ['/api/x', 'PUT', 'Origin: https://SPA.example'],
    ['/api/x', 'PUT', `Origin: ${scene.gateway.origin}`],
    ['/api/x', 'PUT', allowed, allowed],
    ['/api/x', 'PUT', allowed, evil],
    ['/api/x', 'PUT', evil, allowed],
    ['/api/x', 'PUT', `Origin: ${spa}, ${spa}`],
    ['/api/x', 'PUT', `Origin: https://${'a'.repeat(30_000)}.example`],
    ['/api/x', 'PUT', evil, 'Access-Control-Request-Headers: x-csrf'],
    ['/api/x', 'PUT', evil, cookieLine(scene)],
    ['/api/x', 'DELETE'],
    ['/api/x', 'patch'],
    ['/api/x', 'put'],
    ['/api/x', 'GET, PUT'],
    ['/any/x', 'patch'],
    ['/any/x', 'TRACE'],
    ['/any/x', 'CONNECT'],
    ['/any/x', 'constructor'],
    ['/any/x', '__proto__'],
    ['/any/x', '*'],
    ['/any/x', ''],
    ['/any/x', 'GET', 'Access-Control-Request-Method: PUT'],
    ['/any/x', 'A'.repeat(30_000)],
    ['/any/x', 'G\xe9T'],
    ['/open/x', 'TRACE'],
    ['/open/x', 'GET', evil],
  ]
  for (const [path, method, ...headers] of rows) {
    const answer = await preflight(scene, path, method, ...headers)
    const name = `${path} ${method} ${headers}`.slice(0, 100)
    t.equal(statusOf(answer), 403, name)
    t.strictSame(corsOf(answer), {}, name)
    t.equal(variesByOrigin(answer), true, name)
    t.match(answer, /"reason":"cors-refused"/, name)
    t.equal(headersOf(answer)['set-cookie'], undefined, name)
  }
  t.equal(headsAt(scene.upstream).length, 0)
})

t.test('what is no preflight for a route with a policy is a request like any other', async (t) => {
  const scene = await startScene(t, { routes, answer: fromUpstream })
  const { gateway, upstream } = scene
  t.match(await preflight(scene, '/x', 'PUT'), /^HTTP\/1\.1 401 /, 'no policy')
  t.match(await ask(gateway, 'OPTIONS /api/x', [allowed]), /^HTTP\/1\.1 401 /, 'no wanted method')
  t.match(await ask(gateway, 'OPTIONS /api/x', ['Access-Control-Request-Method: PUT']), /^HTTP\/1\.1 401 /)
  t.match(
    await ask(gateway, 'GET /api/x', [allowed, 'Access-Control-Request-Method: PUT']),
    /^HTTP\/1\.1 401 /,
    'no OPTIONS',
  )
  t.equal(headsAt(upstream).length, 0)

  const bare = await preflight(scene, '/bare/x', 'PUT')
  t.match(bare, /^HTTP\/1\.1 200 /)
  t.match(corsOf(bare), { 'access-control-allow-origin': ['*'], 'access-control-whatever': ['1'] })
  t.equal(variesByOrigin(bare), false)
  t.strictSame(valuesOf(headsAt(upstream).at(-1), 'access-control-request-method'), ['PUT'])
  t.match(await ask(gateway, 'OPTIONS /open/x', [allowed]), /^HTTP\/1\.1 200 /)
  t.match(headsAt(upstream).at(-1)?.[0], /^OPTIONS \/open\/x /)
})

t.test('the rule is that of the wanted method', async (t) => {
  const scene = await startScene(t, { routes })
  const get = await preflight(scene, '/split/x', 'GET')
  t.match(get, /^HTTP\/1\.1 204 /)
  t.strictSame(corsOf(get)['access-control-allow-methods'], ['GET'], 'and of no method of another rule')
  t.equal(headsAt(scene.upstream).length, 0)
  const put = await preflight(scene, '/split/x', 'PUT')
  t.match(put, /^HTTP\/1\.1 200 /, 'whose rule has no policy: judged as OPTIONS')
  t.strictSame(corsOf(put), {})
  t.equal(headsAt(scene.upstream).length, 1)
  t.match(
    await preflight(scene, '/any/nothing/x', 'GET'),
    /^HTTP\/1\.1 405 /,
    'no rule for it, nor for OPTIONS',
  )
  t.match(await preflight(scene, '/oauth2/session', 'GET'), /^HTTP\/1\.1 405 /)
  t.match(await preflight(scene, '/oauth2/nothing', 'GET'), /^HTTP\/1\.1 404 /)
})

t.test('every other reading of the path must allow it too', async (t) => {
  const scene = await startWithAlice(t, { routes, answer: fromUpstream })
  const { gateway, upstream } = scene
  const headers = [cookieLine(scene), allowed]
  for (const path of ['/any/secret;v=1/x', '/any/nothing;v=1/x']) {
    t.equal(statusOf(await preflight(scene, path, 'PUT')), 403, path)
    const answer = await ask(gateway, `GET ${path}`, headers)
    t.strictSame(corsOf(answer), {}, path)
    t.equal(variesByOrigin(answer), true, path)
  }
  const { length } = headsAt(upstream)
  t.equal(length, 1, 'the first was let pass, without permission to read it')
  const post = await ask(gateway, 'POST /any/secret;v=1/x', [...headers, 'Content-Length: 0'])
  t.equal(statusOf(post), 403, 'the session is not for this origin there')
  t.equal(headsAt(upstream).length, length)

  t.equal(statusOf(await preflight(scene, '/any/shy;v=1/x', 'PUT')), 403)
  t.match(corsOf(await preflight(scene, '/any/shy;v=1/x', 'GET')), {
    'access-control-allow-methods': ['GET'],
    'access-control-allow-credentials': undefined,
  })
  t.strictSame(corsOf(await ask(gateway, 'GET /any/shy;v=1/x', headers)), {
    'access-control-allow-origin': [spa],
  })
  t.equal(statusOf(await preflight(scene, '/any/x;v=1/y', 'PUT')), 204)
  t.match(corsOf(await ask(gateway, 'GET /any/x;v=1/y', headers)), {
    'access-control-allow-credentials': ['true'],
  })
})

t.test('what the upstream says about CORS is replaced under a policy', async (t) => {
  const scene = await startWithAlice(t, { routes, answer: fromUpstream })
  const { gateway } = scene
  const cookie = cookieLine(scene)
  const read = await ask(gateway, 'GET /api/x', [cookie, allowed])
  t.match(read, /^HTTP\/1\.1 200 /)
  t.strictSame(corsOf(read), {
    'access-control-allow-origin': [spa],
    'access-control-allow-credentials': ['true'],
    'access-control-expose-headers': ['ETag'],
  })
  t.strictSame(headersOf(read)['vary'], ['Accept-Encoding', 'Origin'])
  for (const headers of [[], [evil], ['Origin: null'], [allowed, allowed], [`Origin: ${gateway.origin}`]]) {
    const answer = await ask(gateway, 'GET /api/x', [cookie, ...headers])
    t.match(answer, /^HTTP\/1\.1 200 /, 'reading is refused by the browser')
    t.strictSame(corsOf(answer), {}, headers.join())
    t.equal(variesByOrigin(answer), true, headers.join())
  }
  t.strictSame(corsOf(await ask(gateway, 'GET /plain/x', [cookie, allowed])), {
    'access-control-allow-origin': [spa],
  })
  const without = await ask(gateway, 'GET /x', [cookie, allowed])
  t.match(corsOf(without), { 'access-control-allow-origin': ['*'], 'access-control-whatever': ['1'] })
  t.strictSame(headersOf(without)['vary'], ['Accept-Encoding'])
})

t.test('HEAD, 304 and event streams carry the same', async (t) => {
  const heads = {
    HEAD: ['HTTP/1.1 200 OK', ...ownCors, 'Content-Length: 2'],
    GET: ['HTTP/1.1 304 Not Modified', ...ownCors, 'ETag: "1"'],
    stream: ['HTTP/1.1 200 OK', ...ownCors, 'Content-Type: text/event-stream'],
  }
  const answer = (connection: Connection) => {
    connection.socket.on('data', () => {
      const kind = /^(?:HEAD|GET \/open\/(?=stream))/.exec(connection.bytes())?.[0]
      const head = kind === 'HEAD' ? heads.HEAD : kind === undefined ? heads.GET : heads.stream
      connection.send([...head, '', ''].join('\r\n'))
    })
  }
  const { gateway } = await startScene(t, { routes, answer })
  const expected = { 'access-control-allow-origin': [spa], 'access-control-allow-credentials': ['true'] }
  for (const line of ['HEAD /open/x', 'GET /open/x']) {
    const read = await ask(gateway, line, [allowed])
    t.match(read, line.startsWith('HEAD') ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 304 /)
    t.strictSame(corsOf(read), expected, line)
    t.equal(variesByOrigin(read), true)
    t.equal(variesByOrigin(await ask(gateway, line)), true, `${line} without Origin`)
  }
  const stream = gateway.client(requestBytes(gateway, 'GET /open/stream', [allowed]))
  const head = await stream.sees('\r\n\r\n')
  t.strictSame(corsOf(head), expected)
  t.equal(variesByOrigin(head), true)
})

t.test('our own refusals can be read by a page that may read the answers', async (t) => {
  const scene = await startWithAlice(t, { routes })
  const { gateway, upstream } = scene
  const cookie = cookieLine(scene)
  const post = [cookie, 'Content-Length: 0']
  const rows: [line: string, headers: string[], status: number][] = [
    ['GET /api/x', [], 401],
    ['HEAD /api/x', [], 401],
    ['PUT /api/x', [], 401],
    ['GET /any/x', ['Accept: text/html'], 401],
    ['GET /always/x', [], 401],
    ['GET /always/x', ['Accept: text/html', 'Sec-Fetch-Mode: cors'], 401],
    ['GET /admin/x', [cookie], 403],
    ['POST /api/x', post, 403],
    ['GET /any//x', [cookie], 400],
  ]
  for (const [line, headers, status] of rows) {
    const read = await ask(gateway, line, [...headers, allowed])
    t.equal(statusOf(read), status, line)
    t.match(corsOf(read), {
      'access-control-allow-origin': [spa],
      'access-control-allow-credentials': ['true'],
      'access-control-expose-headers': [/(?:^|, )WWW-Authenticate, Retry-After$/],
    })
    t.equal(variesByOrigin(read), true, line)
    for (const foreign of [[evil], []]) {
      const hidden = await ask(gateway, line, [...headers, ...foreign])
      t.strictSame(corsOf(hidden), {}, line)
      t.equal(variesByOrigin(hidden), true, line)
    }
  }
  t.strictSame(corsOf(await ask(gateway, 'GET /api/x', [allowed]))['access-control-expose-headers'], [
    'ETag, WWW-Authenticate, Retry-After',
  ])
  t.match(await ask(gateway, 'GET /api/x', [allowed]), /\r\nwww-authenticate: Bearer realm=/i)
  t.strictSame(corsOf(await ask(gateway, 'GET /x', [allowed])), {}, 'without a policy')
  t.equal(variesByOrigin(await ask(gateway, 'GET /x', [allowed])), false)
  t.strictSame(
    headsAt(upstream).map(([line]) => line),
    ['POST /api/x HTTP/1.1'],
    'the one of no page',
  )
})

t.test('so can what comes when the upstream or the provider is down', async (t) => {
  const scene = await startWithAlice(t, { routes, provider: { accessTokenTtl: 300 } })
  const { gateway, provider, upstream } = scene
  provider.behaviour.respond = () => ({ status: 503, body: 'down' })
  gateway.advance(301)
  const unavailable = await ask(gateway, 'GET /api/x', [cookieLine(scene), allowed])
  t.equal(statusOf(unavailable), 503)
  t.match(headersOf(unavailable)['retry-after'], [/^\d+$/])
  t.strictSame(corsOf(unavailable)['access-control-allow-origin'], [spa])
  await upstream.close()
  const down = await ask(gateway, 'GET /open/x', [allowed])
  t.equal(statusOf(down), 502)
  t.strictSame(corsOf(down)['access-control-allow-origin'], [spa])
  t.equal(variesByOrigin(await ask(gateway, 'GET /open/x')), true)
})

t.test('a page view goes to the login all the same, a fetch of another origin never', async (t) => {
  const { gateway } = await startScene(t, { routes })
  const view = ['Accept: text/html', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Site: cross-site']
  const login = await ask(gateway, 'GET /api/x', view)
  t.equal(statusOf(login), 302)
  t.strictSame(corsOf(login), {})
  t.equal(variesByOrigin(login), true)
  t.equal(statusOf(await ask(gateway, 'GET /always/x', [])), 302)
  t.equal(statusOf(await ask(gateway, 'GET /always/x', [...view, allowed])), 302, 'it says it is a view')
  for (const headers of [['Accept: text/html'], ['Sec-Fetch-Mode: cors'], []]) {
    for (const path of ['/api/x', '/always/x']) {
      for (const origin of [allowed, evil]) {
        const answer = await ask(gateway, `GET ${path}`, [...headers, origin])
        t.equal(statusOf(answer), 401, `${path} ${headers} ${origin}`)
        t.match(answer, /"error":"login_required"/)
      }
    }
  }
})

t.test(
  'a page of an allowed origin may use the session for the methods of the policy, nobody else',
  async (t) => {
    const scene = await startWithAlice(t, { routes })
    const { gateway, upstream } = scene
    const rows: [line: string, headers: string[], status: number][] = [
      ['PUT /api/x', [allowed, 'Sec-Fetch-Site: cross-site'], 200],
      ['PATCH /api/x', [allowed, 'Sec-Fetch-Site: same-site'], 200],
      ['POST /any/x', [allowed], 200],
      ['PUT /api/x', [`Origin: ${gateway.origin}`], 200],
      ['POST /api/x', [allowed], 403],
      ['DELETE /api/x', [allowed], 403],
      ['PUT /plain/x', [allowed], 403],
      ['PUT /x', [allowed], 403],
      ['PUT /api/x', [evil], 403],
      ['PUT /api/x', ['Origin: null'], 403],
      ['PUT /api/x', [allowed, allowed], 403],
      ['PUT /api/x', [allowed, evil], 403],
      ['PUT /api/x', [`Origin: ${spa}.evil.test`], 403],
      ['PUT /api/x', ['Sec-Fetch-Site: cross-site'], 403],
    ]
    for (const [line, headers, status] of rows) {
      const { length } = headsAt(upstream)
      const answer = await ask(gateway, line, [cookieLine(scene), 'Content-Length: 2', ...headers], 'hi')
      t.equal(statusOf(answer), status, `${line} ${headers}`)
      t.equal(headsAt(upstream).length, status === 200 ? length + 1 : length, `${line} ${headers}`)
      if (status === 403) t.match(answer, /"reason":"cross-site"/)
    }
  },
)

t.test('a WebSocket is refused to other origins, and the refusal depends on the origin too', async (t) => {
  const scene = await startWithAlice(t, { routes })
  const { gateway, upstream } = scene
  const upgrade = [
    ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', cookieLine(scene)],
  ]
  const refused = await ask(gateway, 'GET /api/ws', [...upgrade, evil])
  t.equal(statusOf(refused), 403)
  t.strictSame(corsOf(refused), {})
  t.equal(variesByOrigin(refused), true)
  t.equal(headsAt(upstream).length, 0)
  await ask(gateway, 'GET /api/ws', [...upgrade, allowed])
  t.match(headsAt(upstream).at(-1)?.[0], /^GET \/api\/ws /)
})
