import t from 'tap'
import { check, forwarded } from '../support/check.ts'
import { cookieLine, startScene, startSignedIn } from '../support/scene.ts'

const server = 'trusted_proxies: [127.0.0.1]'
const navigation = ['Accept: text/html', 'Sec-Fetch-Mode: navigate']
const routes = [
  'path: /**, access: authenticated',
  'path: /public/**, access: public',
  'path: /optional/**, access: optional',
  'path: /admin/**, scopes: [admin]',
  'path: /orders/**, methods: [GET], scopes: ["orders:read"]',
  'path: /orders/**, methods: [POST], scopes: ["orders:write"]',
]

t.test(
  'a check is answered by the rules, and never with anything but 200, 302, 400, 401 or 403',
  async (t) => {
    const scene = await startSignedIn(t, { routes, server, forwardAuth: 'preset: haproxy' })
    const { gateway, upstream } = scene
    const cookie = cookieLine(scene)
    const before = upstream.connections.length
    const rows: [target: string, method: string, headers: string[], status: number][] = [
      ['/', 'GET', [], 401],
      ['/', 'GET', navigation, 401],
      ['/', 'GET', [cookie], 200],
      ['/public/x?y=1', 'GET', [], 200],
      ['/optional/', 'GET', [], 200],
      ['/orders/1', 'GET', [cookie], 200],
      ['/orders/1', 'POST', [cookie], 200],
      ['/orders/1', 'DELETE', [cookie], 403],
      ['/a/../public/', 'GET', [cookie], 403],
      ['/oauth2/auth', 'GET', [cookie], 403],
      ['/', 'TRACE', [cookie], 403],
      ['/', 'NOPE', [cookie], 403],
      ['/', 'get', [cookie], 400],
    ]
    for (const [target, method, headers, status] of rows) {
      const answer = await check(gateway, [...forwarded(gateway, target, method), ...headers])
      t.equal(answer.status, status, `${method} ${target} ${headers.length}`)
    }
    t.equal(upstream.connections.length, before, 'no upstream is asked')
  },
)

t.test('what is told about a caller is all there, empty where there is nothing to tell', async (t) => {
  const scene = await startSignedIn(t, { routes, server, forwardAuth: 'preset: haproxy' })
  const { gateway } = scene
  const { headers } = await check(gateway, [...forwarded(gateway, '/'), cookieLine(scene)])
  t.match(headers, {
    'x-auth-request-user': ['alice'],
    'x-auth-request-email': ['alice@example.com'],
    authorization: [/^Bearer .+/],
    'cache-control': ['private, no-store'],
  })
  const anonymous = await check(gateway, forwarded(gateway, '/public/'))
  t.match(anonymous.headers, {
    'x-auth-request-user': [''],
    'x-auth-request-email': [''],
    'x-auth-request-groups': [''],
    'x-auth-request-preferred-username': [''],
    authorization: [''],
  })
})

t.test('a page view learns where to sign in', async (t) => {
  const { gateway } = await startScene(t, { routes, server, forwardAuth: 'preset: traefik' })
  const { status, headers } = await check(gateway, [...forwarded(gateway, '/a?b=1&c=2'), ...navigation])
  t.equal(status, 302)
  t.strictSame(headers['location'], [
    `${gateway.origin}/oauth2/start?rd=${encodeURIComponent(`${gateway.origin}/a?b=1&c=2`)}`,
  ])
  const script = await check(gateway, forwarded(gateway, '/a'))
  t.equal(script.status, 401)
})
