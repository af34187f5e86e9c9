import t from 'tap'
import { ask, cookieLine, headsAt, startSignedIn, valuesOf } from '../support/scene.ts'

const spoofed = [
  ...['X-Forwarded-User: root', 'x_forwarded_user: root', 'X.Forwarded.Email: root@evil.test'],
  ...['X-FORWARDED-GROUPS: admins', 'X-Forwarded-Preferred-Username: root', 'X-Auth-Request-User: root'],
  ...['Remote-User: root', 'X-Remote-User: root', 'X-Original-URL: /admin', 'X-HTTP-Method-Override: DELETE'],
  ...['X-Who: root', 'x_who: root', 'X-Department: all', 'X-Request-Id: forged', 'Forwarded: for=1.2.3.4'],
  ...[
    'X-Forwarded-For: 1.2.3.4',
    'X-Real-IP: 1.2.3.4',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil.test',
  ],
  'Authorization: Bearer forged',
]

const upstreams = (origin: string) =>
  `{
  web: { url: "${origin}" },
  id: { url: "${origin}", token: id },
  none: { url: "${origin}", token: none, identity_headers: false },
  custom: { url: "${origin}", identity_headers: { X-Who: sub, X-Department: name.department, X-Absent: nothing } },
  moved: { url: "${origin}/base", strip_prefix: /moved, host: rewrite },
  added: { url: "${origin}", add_prefix: /v1 }
}`.replaceAll('\n', '')

const routes = [
  'path: /web/**, access: authenticated, upstream: web',
  'path: /id/**, access: authenticated, upstream: id',
  'path: /none/**, access: authenticated, upstream: none',
  'path: /custom/**, access: authenticated, upstream: custom',
  'path: /moved/**, access: authenticated, upstream: moved',
  'path: /added/**, access: authenticated, upstream: added',
  'path: /public/**, access: public, upstream: web',
  'path: /pass/**, access: public, upstream: web, authorization: pass',
  'path: /optional/**, access: optional, upstream: web',
]

const claims = {
  email: 'alice@example.com',
  groups: ['staff', 'a,b'],
  preferred_username: 'Ünal',
  name: { department: 'Sales' },
}
const people = { alice: { scopes: ['api.read'], claims } }
const signedIn = (t: Parameters<typeof startSignedIn>[0], server = '') =>
  startSignedIn(t, { provider: { users: people }, upstreams, routes, ...(server && { server }) })

t.test('no client speaks for the gateway, on no kind of rule', async (t) => {
  const scene = await signedIn(t)
  const { gateway, upstream } = scene
  for (const [path, isSignedIn] of [
    ['/web/x', true],
    ['/public/x', false],
    ['/public/x', true],
    ['/optional/x', false],
    ['/optional/x', true],
    ['/none/x', true],
    ['/custom/x', true],
  ] as const) {
    const cookies = isSignedIn
      ? [`${cookieLine(scene)}; theme=dark; postern_logins=1`]
      : ['Cookie: theme=dark']
    const connection = 'Connection: close, Authorization, X-Forwarded-User, X-Request-Id, Cookie'
    const answer = await ask(gateway, `GET ${path}`, [...cookies, connection, ...spoofed])
    t.match(answer, /^HTTP\/1\.1 200 /)
    const head = headsAt(upstream).at(-1) as string[]
    t.notMatch(head.join('\n'), /root|forged|evil|admins|1\.2\.3\.4|postern|DELETE|https|: all$/m, path)
    t.strictSame(valuesOf(head, 'cookie'), ['theme=dark'], 'cookies of others stay')
    t.strictSame(valuesOf(head, 'x-forwarded-for'), ['127.0.0.1'])
    t.strictSame(valuesOf(head, 'x-forwarded-proto'), ['http'])
    t.strictSame(valuesOf(head, 'x-forwarded-host'), [gateway.origin.slice(7)])
    t.match(valuesOf(head, 'x-request-id').join(), /^[a-z\d]+-[a-z\d]+$/)
    t.equal(new Set(head.map((line) => line.split(':')[0]?.toLowerCase())).size, head.length, 'no name twice')
  }
})

t.test('each upstream is told what its configuration says', async (t) => {
  const scene = await signedIn(t)
  const { gateway, upstream, provider } = scene
  const told = async (path: string, headers: string[] = []): Promise<string[]> => {
    await ask(gateway, `GET ${path}`, [cookieLine(scene), ...headers])
    return headsAt(upstream).at(-1) as string[]
  }
  const web = await told('/web/x')
  t.strictSame(valuesOf(web, 'x-forwarded-user'), ['alice'])
  t.strictSame(valuesOf(web, 'x-forwarded-email'), ['alice@example.com'])
  t.strictSame(valuesOf(web, 'x-forwarded-groups'), ['staff,a%2Cb'])
  t.strictSame(valuesOf(web, 'x-forwarded-preferred-username'), [Buffer.from('Ünal').toString('latin1')])
  const [access = ''] = valuesOf(web, 'authorization')
  t.match(access, /^Bearer [\w-]{43}$/)

  const [idToken = ''] = valuesOf(await told('/id/x'), 'authorization')
  const [, payload = ''] = idToken.split('.')
  t.match(JSON.parse(Buffer.from(payload, 'base64url').toString()), { iss: provider.issuer, sub: 'alice' })

  const none = await told('/none/x', ['Authorization: Basic mine'])
  t.strictSame(valuesOf(none, 'authorization'), [])
  t.strictSame(
    none.filter((line) => /^x-forwarded-(?!for|proto|host)/i.test(line)),
    [],
  )

  const custom = await told('/custom/x')
  t.strictSame(valuesOf(custom, 'x-who'), ['alice'])
  t.strictSame(valuesOf(custom, 'x-department'), ['Sales'], 'a nested claim')
  t.strictSame(valuesOf(custom, 'x-absent'), [])
  t.strictSame(valuesOf(custom, 'x-forwarded-user'), [])

  const moved = await told('/moved/x?y=1')
  t.equal(moved[0], 'GET /base/x?y=1 HTTP/1.1')
  t.strictSame(valuesOf(moved, 'host'), [upstream.origin.slice(7)])
  t.strictSame(valuesOf(moved, 'x-forwarded-host'), [gateway.origin.slice(7)])
  const added = await told('/added/x')
  t.equal(added[0], 'GET /v1/added/x HTTP/1.1')
  t.strictSame(valuesOf(added, 'host'), [gateway.origin.slice(7)])

  const passed = await told('/pass/x', ['Authorization: Basic mine'])
  t.strictSame(valuesOf(passed, 'authorization'), ['Basic mine'])
})

t.test('trusted proxies tell who the client is, which host it asked for, and how', async (t) => {
  const scene = await signedIn(t, 'trusted_proxies: [127.0.0.1, 10.0.0.0/8]')
  const { gateway, upstream } = scene
  const chain = 'X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.1.1.1'
  const answer = await ask(gateway, 'GET /public/x', [
    'Host: internal:80',
    chain,
    `X-Forwarded-Host: ${gateway.origin.slice(7)}`,
    'X-Forwarded-Proto: https',
  ])
  t.match(answer, /^HTTP\/1\.1 200 /)
  const head = headsAt(upstream).at(-1)
  t.strictSame(valuesOf(head, 'x-forwarded-for'), ['203.0.113.9, 10.1.1.1, 127.0.0.1'])
  t.strictSame(valuesOf(head, 'x-real-ip'), ['203.0.113.9'])
  t.strictSame(valuesOf(head, 'x-forwarded-proto'), ['https'])
  t.strictSame(valuesOf(head, 'x-forwarded-host'), [gateway.origin.slice(7)])
  t.ok(gateway.logs().some(({ client, path }) => client === '203.0.113.9' && path === '/public/x'))

  const unknown = await ask(gateway, 'GET /public/x', ['X-Forwarded-Host: evil.test'])
  t.match(unknown, /^HTTP\/1\.1 421 /)
  const twice = [
    'X-Forwarded-Proto: https',
    'X-Forwarded-Proto: http',
    'X-Forwarded-For: 1.1.1.1',
    'X-Forwarded-For: 2.2.2.2',
  ]
  await ask(gateway, 'GET /public/x', twice)
  t.strictSame(valuesOf(headsAt(upstream).at(-1), 'x-forwarded-proto'), ['http'], 'two schemes are none')
  t.strictSame(valuesOf(headsAt(upstream).at(-1), 'x-real-ip'), ['2.2.2.2'])
})
