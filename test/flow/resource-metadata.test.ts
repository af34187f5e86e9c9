import t from 'tap'
import { testKey } from '../support/gateway.ts'
import { startResourceApp } from '../support/resource-app.ts'
import { ask, startScene } from '../support/scene.ts'

const app = 'https://app.example.com'
const api = 'https://api.example.com'
const login = 'https://login.example.com'
const partner = 'https://partner.example'
const wellKnown = '/.well-known/oauth-protected-resource'

const routes = [
  'path: /**, access: authenticated, credentials: [session]',
  'path: /api/**, access: authenticated',
  'path: /api/orders/**, methods: [GET], scopes: ["orders:read"]',
  'path: /api/orders/**, methods: [POST], scopes: ["orders:write"], any_scope: [staff, admin]',
  'path: /api/partner/**, access: authenticated, audience: [partner-api]',
  'path: /api/public/**, access: public',
  'path: /api/mine/**, access: authenticated, credentials: [session]',
  'path: /maybe/**, access: optional, credentials: [bearer]',
  'path: /spa/**, access: authenticated, cors: { origins: ["https://spa.example"] }',
  'path: /spa/orders, scopes: ["orders:read"], cors: { origins: ["https://spa.example"] }',
  'path: /v1/items/**, access: authenticated, credentials: [bearer]',
  'path: /files/**, access: authenticated, allow: [encoded-slash]',
  'path: /**, host: "*.tenant.example", access: authenticated, credentials: [bearer]',
  'path: /, host: only.example, access: public',
  'path: /api, host: only.example, access: authenticated, credentials: [bearer]',
]
const issuers = [
  `{ issuer: "${login}", audience: ["${app}/", "${api}/v1"] }`,
  `{ issuer: "${partner}", audience: [partner-api] }`,
]

function yaml(changes: { server?: string; bearer?: string } = {}): string {
  const { server = '', bearer = `issuers: [${issuers}]` } = changes
  return [
    `server: { public_url: ["${app}", "${api}"]${server} }`,
    `provider: { issuer: "${login}", client_id: postern, client_secret: hush }`,
    `session: { keys: [${testKey}] }`,
    'upstreams: { web: { url: "http://127.0.0.1:9" } }',
    'routes:',
    ...routes.map((route) => `  - { ${route}, upstream: web }`),
    `bearer: { ${bearer} }`,
  ].join('\n')
}

const statusOf = (answer: string) => Number(answer.split(' ')[1])
const documentIn = (answer: string) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))

t.test('the metadata of a path is that of its rules', async (t) => {
  const { ask } = await startResourceApp(t, yaml())
  const answer = await ask('app.example.com', `GET ${wellKnown}/api/orders/7`)
  t.equal(statusOf(answer), 200)
  t.match(answer, /\r\ncontent-type: application\/json; charset=utf-8\r\n/)
  t.match(answer, /\r\naccess-control-allow-origin: \*\r\n/)
  t.notMatch(answer, /access-control-allow-credentials|set-cookie/i)
  t.strictSame(documentIn(answer), {
    resource: `${app}/api/orders/7`,
    authorization_servers: [login, partner],
    scopes_supported: ['orders:read', 'orders:write', 'staff', 'admin'],
    bearer_methods_supported: ['header'],
  })
  const narrowed = documentIn(await ask('app.example.com', `GET ${wellKnown}/api/partner/x`))
  t.strictSame(narrowed.authorization_servers, [partner])
  t.equal(narrowed.resource, `${app}/api/partner/x`)
  t.equal(statusOf(await ask('app.example.com', `GET ${wellKnown}/maybe`)), 200)
})

t.test('that of the whole host is there whatever its rules', async (t) => {
  const { ask } = await startResourceApp(t, yaml())
  t.strictSame(documentIn(await ask('app.example.com', `GET ${wellKnown}`)), {
    resource: `${app}/`,
    authorization_servers: [login],
    bearer_methods_supported: ['header'],
  })
  t.match(documentIn(await ask('app.example.com', `GET ${wellKnown}/`)), { resource: `${app}/` })
  t.match(documentIn(await ask('only.example', `GET ${wellKnown}`)), {
    resource: 'https://only.example',
    authorization_servers: [login, partner],
  })
})

t.test('there is none for paths that take no token, nor for paths that nobody would ask for', async (t) => {
  const { ask } = await startResourceApp(t, yaml())
  const rows: [host: string, path: string, status: number][] = [
    ['app.example.com', '/', 200],
    ['app.example.com', '/x', 404],
    ['app.example.com', '/api/public/x', 404],
    ['app.example.com', '/api/mine', 404],
    ['app.example.com', '/API/Orders', 200],
    ['app.example.com', '/files/a%2Fb', 404],
    ['app.example.com', '/api/a;b=c', 404],
    ['app.example.com', '//api', 404],
    ['app.example.com', '/api/%C3%A9', 200],
    ['app.example.com', '/api/../x', 400],
    ['app.example.com', '/api/%2e%2e/x', 400],
    ['only.example', '/other', 404],
    ['only.example', '/api', 200],
    ['evil.test', '/api', 421],
  ]
  for (const [host, path, status] of rows) {
    const answer = await ask(host, `GET ${wellKnown}${path}`)
    t.equal(statusOf(answer), status, `${host} ${path}`)
    t.notMatch(answer, /set-cookie/i)
    if (status === 200 && path !== '/') t.equal(documentIn(answer).resource, `https://${host}${path}`)
  }
  const longer = await ask('app.example.com', `GET ${wellKnown}-x/api`)
  t.equal(statusOf(longer), 401, 'another path')
  t.match(await ask('app.example.com', `GET /x${wellKnown}/api`), /^HTTP\/1\.1 401 /)
})

t.test(
  'the resource is of the host that was asked, by configuration and never by what is sent',
  async (t) => {
    const { ask } = await startResourceApp(t, yaml())
    const resourceAt = async (host: string, ...headers: string[]) =>
      documentIn(await ask(host, `GET ${wellKnown}/api/x?a=1`, headers)).resource
    const forwarded = ['X-Forwarded-Host: evil.test', 'X-Forwarded-Proto: http', 'Forwarded: host=evil.test']
    t.equal(await resourceAt('app.example.com', ...forwarded), `${app}/api/x`)
    t.equal(await resourceAt('API.example.com:443', ...forwarded), `${api}/api/x`)
    t.equal(await resourceAt('a.tenant.example', ...forwarded), 'https://a.tenant.example/api/x')
    for (const host of ['evil.test', 'app.example.com.evil.test', 'tenant.example', 'app.example.com:8443']) {
      t.equal(statusOf(await ask(host, `GET ${wellKnown}/api/x`)), 421, host)
    }
    t.equal(statusOf(await ask('a b', `GET ${wellKnown}/api/x`)), 400)

    const behind = await startResourceApp(t, yaml({ server: ', trusted_proxies: [127.0.0.0/8]' }))
    const told = await behind.ask('10.0.0.1', `GET ${wellKnown}/api/x`, ['X-Forwarded-Host: api.example.com'])
    t.equal(documentIn(told).resource, `${api}/api/x`)
    t.equal(statusOf(await behind.ask('app.example.com', `GET ${wellKnown}/api/x`, forwarded)), 421)
  },
)

t.test('it is for reading only', async (t) => {
  const { ask } = await startResourceApp(t, yaml())
  for (const path of ['', '/api/x']) {
    const head = await ask('app.example.com', `HEAD ${wellKnown}${path}`)
    t.match(head, /^HTTP\/1\.1 200 /)
    t.ok(head.endsWith('\r\n\r\n'))
    for (const method of ['POST', 'PUT', 'DELETE', 'PROPFIND']) {
      const answer = await ask('app.example.com', `${method} ${wellKnown}${path}`)
      t.match(answer, /^HTTP\/1\.1 405 /, `${method} ${path}`)
      t.match(answer, /\r\nallow: GET, HEAD, OPTIONS\r\n/)
    }
    const preflight = await ask('app.example.com', `OPTIONS ${wellKnown}${path}`)
    t.match(preflight, /^HTTP\/1\.1 204 [\s\S]*access-control-allow-origin: \*\r\n/)
    t.match(preflight, /access-control-allow-headers: \*\r\n/)
    t.notMatch(preflight, /allow-credentials/)
  }
})

t.test('every challenge names metadata that is there and covers the request', async (t) => {
  const { ask } = await startResourceApp(t, yaml())
  const rows: [host: string, path: string, metadata: string, resource: string][] = [
    ['app.example.com', '/api/x', '', `${app}/`],
    ['app.example.com', '/api/orders/7?page=2', '', `${app}/`],
    ['app.example.com', '/api/partner/x', '/api/partner/x', `${app}/api/partner/x`],
    ['app.example.com', '/api/partner/a;b=c', '', `${app}/`],
    ['app.example.com', '/files/a%2Fb', '', `${app}/`],
    ['app.example.com', '/files/%7Eb', '', `${app}/`],
    ['app.example.com', '/api/partner/a%22b', '/api/partner/a%22b', `${app}/api/partner/a%22b`],
    ['app.example.com', '/api/partner/%C3%A9', '/api/partner/%C3%A9', `${app}/api/partner/%C3%A9`],
    ['app.example.com', '/api/partner/[a]^b|c', '/api/partner/[a]^b|c', `${app}/api/partner/[a]^b|c`],
    ['api.example.com', '/v1/items/7', '/v1', `${api}/v1`],
    ['api.example.com', '/api/x', '/api/x', `${api}/api/x`],
    ['a.tenant.example', '/', '', 'https://a.tenant.example'],
    ['a.tenant.example', '/x/', '/x/', 'https://a.tenant.example/x/'],
  ]
  for (const [host, path, metadata, resource] of rows) {
    const challenge = await ask(host, `GET ${path}`)
    t.equal(statusOf(challenge), 401, path)
    const [, address] = /www-authenticate: Bearer .*resource_metadata="([^"]*)"\r\n/i.exec(challenge) ?? []
    t.equal(address, `https://${host}${wellKnown}${metadata}`, path)
    const answer = await ask(host, `GET ${address?.slice(`https://${host}`.length)}`)
    t.equal(statusOf(answer), 200, path)
    t.equal(documentIn(answer).resource, resource)
    if (resource !== `https://${host}`) t.ok(`https://${host}${path}`.startsWith(resource) || metadata === '')
  }
  const scoped = await ask('app.example.com', 'POST /api/orders/7')
  t.match(scoped, new RegExp(`Bearer realm="${app}", scope="orders:write staff admin", resource_metadata=`))
  const session = await ask('app.example.com', 'GET /x')
  t.match(session, new RegExp(`www-authenticate: Bearer realm="${app}"\r\n`, 'i'), 'takes no token')
})

t.test('a page that may read the answers may read what is wrong with its token', async (t) => {
  const { ask } = await startResourceApp(t, yaml())
  const rows: [path: string, authorization: string, status: number, challenge: RegExp][] = [
    ['/spa/x', 'bearer good', 418, /^$/],
    ['/spa/x', 'Bearer bad', 401, /, error="invalid_token", error_description="The token has expired", /],
    ['/spa/x', 'Bearer', 400, /, error="invalid_request", /],
    ['/spa/orders', 'Bearer good', 403, /, error="insufficient_scope", .*scope="orders:read", /],
  ]
  for (const [path, authorization, status, challenge] of rows) {
    const headers = [`Authorization: ${authorization}`, 'Origin: https://spa.example']
    const answer = await ask('app.example.com', `GET ${path}`, headers)
    t.equal(statusOf(answer), status, authorization)
    const [, sent = ''] = /\r\nwww-authenticate: (.*)\r\n/i.exec(answer) ?? []
    t.match(sent, challenge)
    if (status === 418) continue
    t.match(sent, `resource_metadata="${app}${wellKnown}"`)
    t.match(answer, /\r\naccess-control-allow-origin: https:\/\/spa\.example\r\n/)
    t.match(answer, /\r\naccess-control-expose-headers: WWW-Authenticate, Retry-After\r\n/)
    t.notMatch(answer, /access-control-allow-credentials/)
  }
})

t.test('a server without a name is not told, its audience is', async (t) => {
  const bearer = `introspection: { endpoint: "${login}/introspect", client_id: postern, client_secret: hush, audience: ["${api}/v1"] }`
  const { ask } = await startResourceApp(t, yaml({ bearer }).replace(', audience: [partner-api]', ''))
  t.strictSame(documentIn(await ask('api.example.com', `GET ${wellKnown}/v1`)), {
    resource: `${api}/v1`,
    bearer_methods_supported: ['header'],
  })
})

t.test('without a bearer section the path is one like any other', async (t) => {
  const { gateway } = await startScene(t)
  t.match(await ask(gateway, `GET ${wellKnown}`), /^HTTP\/1\.1 401 /)
  t.notMatch(await ask(gateway, 'GET /x'), /resource_metadata/)
})
