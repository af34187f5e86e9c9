import t from 'tap'
import { parse } from 'yaml'
import { commentOf, loadPrinted, migrateOptions } from './support.ts'

function printed(options: Record<string, unknown>) {
  const yaml = migrateOptions(options)
  loadPrinted(yaml)
  return { ...parse(yaml), told: commentOf(yaml) }
}

t.test('where it listens', async (t) => {
  const addresses: [string | undefined, string][] = [
    [undefined, '127.0.0.1:4180'],
    ['0.0.0.0:4180', '0.0.0.0:4180'],
    ['http://[::1]:4180', '[::1]:4180'],
    [':8080', ':8080'],
    ['unix:///run/o2p.sock', 'unix:/run/o2p.sock'],
  ]
  for (const [written, listen] of addresses) t.equal(printed({ http_address: written }).server.listen, listen)
  t.match(printed({ http_address: 'fd:3' }), {
    server: { listen: '127.0.0.1:4180' },
    told: 'http_address: "fd:3" is no address to listen on',
  })
})

t.test('TLS is ended by the same certificate, on the one listener there is', async (t) => {
  const pair = { tls_cert_file: '/etc/o2p/tls.crt', tls_key_file: '/etc/o2p/tls.key' }
  const { server } = parse(migrateOptions(pair))
  t.match(server, { listen: ':443', tls: { cert_file: '/etc/o2p/tls.crt', key_file: '/etc/o2p/tls.key' } })
  const both = migrateOptions({ ...pair, http_address: ':4180', https_address: 'https://127.0.0.1:8443' })
  t.equal(parse(both).server.listen, '127.0.0.1:8443')
  t.match(commentOf(both), 'http_address: there is one listener, with TLS')
  for (const [flag, value] of Object.entries(pair))
    t.match(printed({ [flag]: value }), {
      server: { tls: undefined },
      told: `${flag}: is not enough for TLS`,
    })
})

t.test('the public URL is the origin of the redirect URL', async (t) => {
  t.equal(
    printed({ redirect_url: 'https://a.example:8443/oauth2/callback' }).server.public_url,
    'https://a.example:8443',
  )
  for (const url of [undefined, '/oauth2/callback', 'https://'])
    t.match(printed({ redirect_url: url }), {
      server: { public_url: `$\{POSTERN_PUBLIC_URL}` },
      told: 'POSTERN_PUBLIC_URL: the origin that browsers see',
    })
})

t.test('a public URL without encryption stays, and is told', async (t) => {
  t.match(printed({ redirect_url: 'http://a.example/oauth2/callback' }), {
    server: { dangerously_allow_http: true },
    told: 'redirect_url: is not encrypted, as before',
  })
})

t.test('the prefix', async (t) => {
  t.equal(printed({}).server.prefix, undefined)
  const other = printed({ proxy_prefix: '/_auth/', redirect_url: 'https://a.example/_auth/callback' })
  t.equal(other.server.prefix, '/_auth')
  t.notMatch(other.told, 'register that')
  t.match(
    printed({ redirect_url: 'https://a.example/cb' }).told,
    'redirect_url: the path is /oauth2/callback; register',
  )
  t.notMatch(printed({ redirect_url: 'https://a.example/' }).told, 'register that')
  t.match(printed({ proxy_prefix: '/a/../b' }), {
    server: { prefix: undefined },
    told: 'proxy_prefix: "/a/../b" is no plain path',
  })
})

t.test('proxies are believed when they are named', async (t) => {
  t.equal(printed({}).server.trusted_proxies, undefined)
  t.match(printed({ reverse_proxy: true }), {
    server: { trusted_proxies: [`$\{POSTERN_TRUSTED_PROXY}`] },
    told: 'POSTERN_TRUSTED_PROXY: the address or the network of the proxy in front',
  })
  t.strictSame(printed({ reverse_proxy: true, trusted_proxy_ips: ['10.0.0.0/8'] }).server.trusted_proxies, [
    '10.0.0.0/8',
  ])
  t.match(printed({ reverse_proxy: true, trusted_proxy_ips: ['0.0.0.0/0', 'x'] }), {
    server: { trusted_proxies: [`$\{POSTERN_TRUSTED_PROXY}`] },
    told: 'trusted_proxy_ips: what is no address, or all addresses, was left out',
  })
})

t.test('the session key is new, and the secret not copied', async (t) => {
  for (const options of [{ cookie_secret: 'hunter2' }, { cookie_secret_file: '/run/hunter2' }, {}])
    t.match(printed(options), {
      session: { keys: [`$\{POSTERN_SESSION_KEY}`] },
      told: 'POSTERN_SESSION_KEY: what "postern keygen" prints',
    })
})

t.test('the cookie has another name than before', async (t) => {
  const names: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ['_oauth2_proxy', undefined],
    ['orders', 'orders_postern'],
    ['__Secure-orders', 'orders_postern'],
    ['a;b', undefined],
  ]
  for (const [written, name] of names) t.equal(printed({ cookie_name: written }).session.cookie?.name, name)
})

t.test('SameSite', async (t) => {
  const values: [string, string | undefined][] = [
    ['Strict', 'strict'],
    ['none', 'none'],
    ['lax', undefined],
    ['maybe', undefined],
  ]
  for (const [written, value] of values)
    t.equal(printed({ cookie_samesite: written }).session.cookie?.same_site, value)
  t.match(printed({ cookie_samesite: 'none', redirect_url: 'http://localhost/oauth2/callback' }), {
    session: { cookie: undefined },
    told: 'cookie_samesite: none needs https; it is lax',
  })
})

t.test('the domain of the cookie is the longest of the public URL', async (t) => {
  const domain = (cookie_domains: unknown) => {
    const { session, told } = printed({ cookie_domains })
    return [session.cookie?.domain, /URL; left out: (.*?)(?: -|$)/.exec(told)?.[1]]
  }
  t.strictSame(domain('.Example.com'), ['example.com', undefined])
  t.strictSame(domain(['example.com', 'app.example.com', 'other.org']), [
    'app.example.com',
    '"example.com", "other.org"',
  ])
  t.strictSame(domain('other.org'), [undefined, '"other.org"'])
  t.strictSame(domain('com;x'), [undefined, '"com;x"'])
  const unknown = migrateOptions({ cookie_domains: '.other.org', redirect_url: '/oauth2/callback' })
  t.equal(parse(unknown).session.cookie.domain, 'other.org', 'of a URL that is not known')
})

t.test('how long a session lives', async (t) => {
  t.match(printed({ cookie_expire: '24h' }), {
    session: { absolute_lifetime: '1d', idle_timeout: undefined },
    told: /cookie_expire: a session ends for good then, refreshed or not, and also after an hour/,
  })
  t.match(printed({ cookie_expire: '10m' }), { session: { absolute_lifetime: '10m', idle_timeout: 'none' } })
  for (const expire of [undefined, '0', 'soon', '999999h'])
    t.match(printed({ cookie_expire: expire }), {
      session: { absolute_lifetime: undefined },
      told: /cookie_expire: a session lives for 12 hours/,
    })
})

t.test('where people may be sent', async (t) => {
  const hosts = (...whitelist_domains: string[]) => printed({ whitelist_domains }).redirect?.allowed_hosts
  t.equal(hosts(), undefined)
  t.strictSame(hosts('a.example', '.B.example', '*.c.example:8443', 'a.example'), [
    ...['a.example', 'b.example', '*.b.example', 'c.example:8443', '*.c.example:8443'],
  ])
  t.match(printed({ whitelist_domains: ['a.example:*', '*'] }), {
    redirect: undefined,
    told: /"a.example:\*" is no host, or leaves the port open.*"\*" is no host/,
  })
})

t.test('bearer tokens', async (t) => {
  t.equal(printed({}).bearer, undefined)
  t.match(printed({ extra_jwt_issuers: 'https://a.example=x' }), {
    bearer: undefined,
    told: 'extra_jwt_issuers: had no effect without skip_jwt_bearer_tokens',
  })
  const on = { skip_jwt_bearer_tokens: true }
  t.match(printed({ ...on, oidc_extra_audiences: ['api', 'a\nb'] }), {
    bearer: { issuers: [{ issuer: 'https://login.example.com', audience: ['app', 'api'] }] },
    told: 'skip_jwt_bearer_tokens: access tokens count, ID tokens never',
  })
  const extra = printed({
    ...on,
    extra_jwt_issuers: ['https://a.example=x', 'https://a.example=y=z', 'nonsense', 'x=y'],
  })
  t.strictSame(extra.bearer.issuers.slice(1), [{ issuer: 'https://a.example', audience: ['x', 'y=z'] }])
  t.match(extra.told, /"nonsense" is not an issuer and an audience.*"x=y" is not/)
  t.match(printed({ ...on, extra_jwt_issuers: 'http://a.example=x' }), {
    bearer: { dangerously_allow_http: true },
    told: 'extra_jwt_issuers: an issuer is not encrypted',
  })
  t.match(printed({ ...on, provider: 'github' }), {
    bearer: undefined,
    told: 'skip_jwt_bearer_tokens: no issuer of such tokens is left',
  })
  t.match(printed({ ...on, oidc_issuer_url: undefined }), {
    bearer: { issuers: [{ issuer: `$\{POSTERN_ISSUER}` }], dangerously_allow_http: undefined },
  })
})

t.test('less in the log', async (t) => {
  t.strictSame(printed({ request_logging: false }).logging, { level: 'warn' })
  t.equal(printed({}).logging, undefined)
})
