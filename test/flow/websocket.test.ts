import t from 'tap'
import type { Connection } from '../support/recorder.ts'
import { cookieLine, headsAt, requestBytes, type Scene, startSignedIn, valuesOf } from '../support/scene.ts'

const switching =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n' +
  'Set-Cookie: postern=evil\r\n\r\n'
const plain = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'

/** Agrees to every WebSocket, says hello in it, and answers all else. */
function agree(connection: Connection): void {
  let seen = 0
  connection.socket.on('data', () => {
    const heads = connection.bytes().split('\r\n\r\n').slice(0, -1)
    for (const head of heads.slice(seen)) {
      connection.send(/\r\nupgrade: websocket/i.test(head) ? `${switching}\x81\x05hello` : plain)
    }
    seen = heads.length
  })
}

const routes = [
  'path: /**, access: authenticated',
  'path: /admin/**, scopes: [admin]',
  'path: /public/**, access: public',
  'path: /redirected/**, access: authenticated, on_unauthenticated: redirect',
  'path: /partner/**, access: authenticated, allowed_origins: ["https://partner.example"]',
]

function handshake({ gateway }: Pick<Scene, 'gateway'>, path: string, headers: readonly string[]): string {
  const keys = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13']
  return requestBytes(gateway, `GET ${path}`, [
    'Connection: Upgrade',
    'Upgrade: websocket',
    ...keys,
    ...headers,
  ])
}

function open(scene: Scene, path = '/ws'): Connection {
  return scene.gateway.client(handshake(scene, path, [cookieLine(scene), `Origin: ${scene.gateway.origin}`]))
}

t.test('a handshake is judged like a request, and its Origin must be ours', async (t) => {
  const scene = await startSignedIn(t, { routes, answer: agree })
  const { gateway, upstream } = scene
  const cookie = cookieLine(scene)
  const own = `Origin: ${gateway.origin}`
  const rows: [path: string, headers: string[], status: number, reason: string][] = [
    ['/ws', [own], 401, 'no-session'],
    ['/ws', [own, 'Cookie: postern=evil'], 401, 'no-session'],
    ['/redirected/ws', [own, 'Accept: text/html'], 401, 'no-session'],
    ['/ws', [cookie, 'Origin: https://evil.test'], 403, 'cross-site'],
    ['/ws', [cookie, 'Origin: null'], 403, 'cross-site'],
    ['/ws', [cookie, `${own}.evil.test`], 403, 'cross-site'],
    ['/ws', [cookie], 403, 'cross-site'],
    ['/admin/ws', [cookie, own], 403, 'missing-scope'],
    ['/a/../ws', [cookie, own], 400, 'target-not-canonical'],
    ['/oauth2/nothing', [cookie, own], 404, 'own-endpoint-unknown'],
  ]
  const before = upstream.bytes()
  for (const [path, headers, status, reason] of rows) {
    const answer = await gateway.exchange(handshake(scene, path, headers))
    t.match(
      answer,
      new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*"reason":"${reason}"`),
      `${path} ${headers.slice(1)}`,
    )
    t.notMatch(answer, /\.login\.|^location/im)
  }
  t.equal(upstream.bytes(), before)
  for (const [path, headers] of [
    ['/ws', [cookie, own]],
    ['/partner/ws', [cookie, 'Origin: https://partner.example']],
    ['/public/ws', [cookie, 'Origin: https://evil.test']],
  ] as const) {
    const extra = [
      'Sec-WebSocket-Protocol: chat, bearer',
      'X-Forwarded-User: root',
      'Authorization: Bearer forged',
    ]
    const client = gateway.client(handshake(scene, path, [...headers, ...extra]))
    const seen = await client.sees('hello')
    t.match(seen, /^HTTP\/1\.1 101 /)
    t.notMatch(seen, /postern/, 'no cookie of ours from the upstream')
    const head = headsAt(upstream).at(-1) as string[]
    t.notMatch(head.join('\n'), /postern|root|forged/)
    t.strictSame(valuesOf(head, 'sec-websocket-protocol'), ['chat, bearer'])
    t.equal(valuesOf(head, 'authorization').length, path === '/public/ws' ? 0 : 1)
    t.equal(valuesOf(head, 'x-forwarded-user').join(), path === '/public/ws' ? '' : 'alice')
    client.socket.destroy()
  }
})

t.test('a tunnel ends with its session: at sign-out, and at its absolute end', async (t) => {
  const scene = await startSignedIn(t, {
    routes,
    answer: agree,
    session: 'absolute_lifetime: 1h',
    provider: { accessTokenTtl: 86_400 },
  })
  const { gateway, browser } = scene
  const closing = '\x88\x0f\x03\xf0session ended'
  const anonymous = gateway.client(handshake(scene, '/public/ws', []))
  const [first, second] = [open(scene), open(scene)]
  await Promise.all([anonymous, first, second].map((client) => client?.sees('hello')))
  await browser.clone().fetch(`${gateway.origin}/oauth2/sign_out`, { method: 'POST' })
  t.match(await first?.sees(closing), closing)
  t.match(await second?.sees(closing), closing)

  await browser.navigate(`${gateway.origin}/oauth2/start`)
  const third = open(scene)
  await third.sees('hello')
  gateway.advance(3540)
  gateway.app.sweep()
  t.notMatch(third.bytes(), 'session ended')
  gateway.advance(60)
  gateway.app.sweep()
  await third.sees(closing)
  t.notMatch(anonymous.bytes(), 'session ended', 'who has no session loses none')
  await gateway.restart()
  await anonymous.sees('\x88\x0c\x03\xe9going away')
  await gateway.logged(/"path":"\/ws","status":101,.*"sub":"alice"/)
})

t.test(
  'a handshake and 20 requests at expiry make one token request; the 101 carries the cookie',
  async (t) => {
    const scene = await startSignedIn(t, { routes, answer: agree, provider: { accessTokenTtl: 300 } })
    const { gateway, browser, provider } = scene
    gateway.advance(301)
    const client = open(scene)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => browser.clone().fetch(`${gateway.origin}/x`)),
    )
    t.ok(answers.every(({ status, setCookies }) => status === 200 && setCookies.length === 1))
    t.match(
      await client.sees('hello'),
      /^HTTP\/1\.1 101 [\s\S]*\r\nSet-Cookie: postern=1\.1\.[\w-]+; Max-Age/,
    )
    t.equal(provider.tokenRequests.length, 2)
  },
)
