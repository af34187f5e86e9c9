import t from 'tap'
import { testKey } from '../support/gateway.ts'
import {
  ask,
  cookieLine,
  headsAt,
  requestBytes,
  startScene,
  startSignedIn,
  valuesOf,
} from '../support/scene.ts'

t.test('each request leaves one line that says what became of it', async (t) => {
  const scene = await startSignedIn(t, {
    routes: ['path: /**, access: authenticated', 'path: /admin, scopes: [admin]', 'path: /p, access: public'],
  })
  const { gateway } = scene
  const cookie = cookieLine(scene)
  const rows: [line: string, headers: string[], fields: Record<string, unknown>][] = [
    [
      'GET /x?secret=1',
      [cookie],
      {
        path: '/x',
        status: 200,
        decision: 'forward',
        reason: 'authenticated',
        rule: 'routes[0]',
        upstream: 'web',
        sub: 'alice',
      },
    ],
    ['GET /p', [], { path: '/p', status: 200, decision: 'forward', reason: 'public', rule: 'routes[2]' }],
    ['GET /y', [], { path: '/y', status: 401, decision: 'challenge', reason: 'no-session' }],
    ['GET /z', ['Accept: text/html'], { path: '/z', status: 302, decision: 'login', reason: 'no-session' }],
    [
      'GET /admin',
      [cookie],
      { path: '/admin', status: 403, decision: 'forbid', reason: 'missing-scope', sub: 'alice' },
    ],
    [
      'GET /a//b',
      [cookie],
      { path: '/a//b', status: 400, decision: 'answer', reason: 'target-needs-opt-in' },
    ],
    ['GET /a/../b', [cookie], { path: '(not canonical)', status: 400, reason: 'target-not-canonical' }],
    ['GET /v', ['Host: evil.test'], { path: '/v', host: 'evil.test', status: 421, reason: 'host-unknown' }],
    ['GET /w', ['Host: a_%_b'], { path: '/w', host: 'a_%_b', status: 400, reason: 'host-invalid' }],
  ]
  for (const [line, headers, fields] of rows) {
    const answer = await ask(gateway, line, headers)
    await gateway.logged(new RegExp(`"path":"${String(fields['path']).replace(/[()]/g, '.')}"`))
    const written = gateway.logs().filter(({ path }) => path === fields['path'])
    t.equal(written.length, 1, line)
    t.match(written[0], { level: 30, method: 'GET', client: '127.0.0.1', duration_ms: Number, ...fields })
    const shown = answer.match(/"request_id":"([^"]+)"/)?.[1]
    if (shown !== undefined) t.equal(written[0]?.['request_id'], shown)
  }
})

t.test('a client that left is told as one, whether it had an answer or not', async (t) => {
  const half = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'
  const { gateway, upstream } = await startScene(t, {
    answer: (connection) =>
      connection.socket.on('data', () => {
        if (connection.bytes().includes('/half')) connection.send(half)
      }),
    routes: ['path: /**, access: public'],
  })
  const client = gateway.client(requestBytes(gateway, 'GET /left'))
  await (await upstream.connection(0)).sees('/left')
  client.socket.destroy()
  await gateway.logged(/"path":"\/left","status":499,.*"aborted":true/)
  const other = gateway.client(requestBytes(gateway, 'GET /half'))
  await other.sees('half')
  other.socket.destroy()
  await gateway.logged(/"path":"\/half","status":200,.*"aborted":true/)
})

t.test('no secret, token, code or cookie is in a log line, a page or the address of one', async (t) => {
  const scene = await startSignedIn(t, {
    provider: { accessTokenTtl: 300 },
    routes: ['path: /**, access: authenticated', 'path: /admin, scopes: [admin]'],
  })
  const { gateway, browser, provider, upstream } = scene
  gateway.advance(301)
  await browser.fetch(`${gateway.origin}/refreshed`)
  const callback = browser.history.find(({ url }) => url.includes('/oauth2/callback'))?.url as string
  const cookies = browser.history
    .flatMap(({ setCookies }) => setCookies)
    .filter((line) => line.startsWith('postern'))
  provider.behaviour.respond = (path) =>
    path === '/token'
      ? {
          status: 400,
          body: { error: 'invalid_grant', error_description: 'canary-from-the-provider-0123456789abc' },
        }
      : undefined
  const pages = [
    await browser.navigate(callback),
    await browser.navigate(`${callback}&error=canary`),
    await browser.navigate(`${gateway.origin}/admin`),
    await browser.navigate(`${gateway.origin}/oauth2/sign_out`),
    await browser.navigate(`${gateway.origin}/oauth2/userinfo`),
    await browser.clone().navigate(`${gateway.origin}/oauth2/start?rd=/x`),
    await browser.clone().fetch(`${gateway.origin}/oauth2/start/`, {
      headers: { authorization: 'Bearer canary-authorization-0123456789' },
    }),
  ]
  gateway.advance(301)
  pages.push(await browser.fetch(`${gateway.origin}/x`))
  const codes = provider.tokenRequests.flatMap(({ parameters }) => [
    parameters['code'],
    parameters['code_verifier'],
    parameters['refresh_token'],
  ])
  const canaries = [
    ...codes,
    ...headsAt(upstream)
      .flatMap((head) => valuesOf(head, 'authorization'))
      .map((value) => value.slice('Bearer '.length)),
    ...cookies.map((line) => line.match(/=([^;]*)/)?.[1]),
    ...[provider.clientSecret, encodeURIComponent(provider.clientSecret), testKey],
    new URL(callback).searchParams.get('state'),
    'canary-from-the-provider',
    'canary-authorization',
  ].filter((value): value is string => typeof value === 'string' && value.length > 8)
  t.ok(canaries.length > 12)
  const logs = JSON.stringify(gateway.logs())
  t.match(logs, /"refresh":"refused"/)
  const shown = pages.map(({ body }) => body).join('\n')
  for (const canary of canaries) {
    t.notOk(logs.includes(canary), `in the log: ${canary.slice(0, 12)}`)
    t.notOk(shown.includes(canary), `on a page: ${canary.slice(0, 12)}`)
  }
})
