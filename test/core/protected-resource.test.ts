import t from 'tap'
import { metadataAddress, resourceFor, resourceMetadata } from '../../src/core/protected-resource.ts'
import { ruleOf } from './rule-of.ts'

const origin = 'https://api.example.com'
const login = { issuer: 'https://login.example.com', audience: [`${origin}/`, 'orders'] }
const partner = { issuer: 'https://partner.example', audience: [`${origin}/partner`] }
const servers = [login, partner]
const both = [login.issuer, partner.issuer]
const bearerRule = (rest: Parameters<typeof ruleOf>[1] = {}) =>
  ruleOf('/x', { credentials: ['session', 'bearer'], ...rest })

t.test('a resource is named by the longest audience that covers its address, or else by that', async (t) => {
  const rows: [path: string, audiences: string[], resource: string][] = [
    ['/a/b', [], '/a/b'],
    ['/a/b', [origin], ''],
    ['/a/b', [`${origin}/`], '/'],
    ['/a/b', [origin, `${origin}/a`, `${origin}/a/`], '/a/'],
    ['/a/b', [`${origin}/a/b`, `${origin}/a`], '/a/b'],
    ['/a/b', [`${origin}/a/b/`], '/a/b'],
    ['/a/b', [`${origin}/a/bc`, `${origin}/A`, `${origin}/a?x`, `${origin}/a/b#c`], '/a/b'],
    ['/ab', [`${origin}/a`], '/ab'],
    ['/', [`${origin}/`], '/'],
    ['/', [origin], ''],
    ['', [origin], ''],
    ['', [`${origin}/`, `${origin}/a`], ''],
    [
      '/a',
      [`${origin}.evil.test`, `${origin}:8443`, `${origin}:8443/a`, 'orders', 'http://api.example.com'],
      '/a',
    ],
  ]
  for (const [path, audiences, resource] of rows) {
    t.equal(resourceFor(origin, path, audiences), origin + resource, `${path} ${audiences}`)
  }
})

t.test('its metadata is below the well-known path, between host and path', async (t) => {
  const wellKnown = `${origin}/.well-known/oauth-protected-resource`
  t.equal(metadataAddress(origin), wellKnown)
  t.equal(metadataAddress(`${origin}/`), wellKnown)
  t.equal(metadataAddress(`${origin}/a`), `${wellKnown}/a`)
  t.equal(metadataAddress(`${origin}/a/`), `${wellKnown}/a/`)
  t.equal(
    metadataAddress('http://localhost:4180/a/b'),
    'http://localhost:4180/.well-known/oauth-protected-resource/a/b',
  )
})

t.test('it tells the servers, the scopes of all methods, and where the token goes', async (t) => {
  const rules = [
    bearerRule({ scopes: ['read'], methods: ['GET'] }),
    bearerRule({ scopes: ['write', 'read'], anyScope: ['admin', 'staff'], methods: ['POST'] }),
    ruleOf('/x', { scopes: ['of-sessions'], methods: ['PUT'] }),
  ]
  t.strictSame(resourceMetadata(origin, '/x', rules, servers), {
    resource: `${origin}/x`,
    authorization_servers: both,
    scopes_supported: ['read', 'write', 'admin', 'staff'],
    bearer_methods_supported: ['header'],
  })
})

t.test('there is none where no rule takes bearer tokens', async (t) => {
  t.equal(resourceMetadata(origin, '/x', [], servers), undefined)
  t.equal(resourceMetadata(origin, '/x', [ruleOf('/x')], servers), undefined, 'sessions only')
  t.equal(resourceMetadata(origin, '/x', [bearerRule({ access: 'public' })], servers), undefined)
  t.ok(resourceMetadata(origin, '/x', [ruleOf('/x'), bearerRule({ access: 'optional' })], servers))
})

t.test('there always is that of the whole host, under the name that its tokens have', async (t) => {
  const bearer_methods_supported = ['header']
  t.strictSame(resourceMetadata(origin, '', [], [partner]), {
    resource: origin,
    authorization_servers: [partner.issuer],
    bearer_methods_supported,
  })
  t.strictSame(resourceMetadata(origin, '/', [], [partner])?.resource, `${origin}/`)
  t.strictSame(
    resourceMetadata(origin, '', [], servers),
    { resource: `${origin}/`, authorization_servers: [login.issuer], bearer_methods_supported },
    'of whom tokens with that name come',
  )
  t.strictSame(resourceMetadata(origin, '', [bearerRule()], servers)?.authorization_servers, both)
})

t.test(
  'there is that of an audience that challenges name, whatever the rules of its very path',
  async (t) => {
    const named = { resource: `${origin}/partner`, authorization_servers: [partner.issuer] }
    t.match(resourceMetadata(origin, '/partner', [], servers), named)
    t.match(resourceMetadata(origin, '/partner/', [], servers), named)
    t.match(resourceMetadata(origin, '/partner', [ruleOf('/partner')], servers), named)
    t.equal(resourceMetadata(origin, '/partners', [], servers), undefined)
    t.equal(resourceMetadata('https://other.example', '/partner', [], servers), undefined)
  },
)

t.test('the name differs from the address in the last slash at most', async (t) => {
  const nameOf = (path: string, audience: string[]) =>
    resourceMetadata(origin, path, [bearerRule()], [{ ...login, audience }])?.resource
  t.equal(nameOf('/a', [`${origin}/a/`]), `${origin}/a/`)
  t.equal(nameOf('/a/', [`${origin}/a`]), `${origin}/a`)
  t.equal(nameOf('/a', [`${origin}/a/`, `${origin}/a`]), `${origin}/a`)
  t.equal(nameOf('/a', [origin, `${origin}/`, `${origin}/a//`, `${origin}/ab`]), `${origin}/a`)
})

t.test('the audience of the rules narrows whose tokens count', async (t) => {
  const issuersFor = (...audiences: string[][]) =>
    resourceMetadata(
      origin,
      '/x',
      audiences.map((audience) => bearerRule({ audience })),
      servers,
    )?.authorization_servers
  t.strictSame(issuersFor(['orders']), [login.issuer])
  t.strictSame(issuersFor(['orders', `${origin}/partner`]), both)
  t.strictSame(issuersFor(['orders'], [`${origin}/partner`]), both)
  t.strictSame(issuersFor(['orders'], []), both, 'one of them takes every token')
  const narrowed = [bearerRule({ audience: ['orders'] })]
  t.equal(resourceMetadata(origin, '/partner/', narrowed, servers)?.resource, `${origin}/partner/`)
})

t.test('a server without a name is not told, nor is an empty list', async (t) => {
  const nameless = { audience: ['orders'] }
  t.strictSame(resourceMetadata(origin, '/x', [bearerRule()], [nameless]), {
    resource: `${origin}/x`,
    bearer_methods_supported: ['header'],
  })
  t.strictSame(
    resourceMetadata(origin, '/x', [bearerRule()], [nameless, login, { ...login, audience: ['more'] }]),
    {
      resource: `${origin}/x`,
      authorization_servers: [login.issuer],
      bearer_methods_supported: ['header'],
    },
  )
})
