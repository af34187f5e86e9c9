import t from 'tap'
import { parse } from 'yaml'
import { commentOf, loadPrinted, migrateOptions } from './support.ts'

function provider(options: Record<string, unknown>) {
  const yaml = migrateOptions(options)
  loadPrinted(yaml)
  return { ...parse(yaml).provider, told: commentOf(yaml) }
}

const issuer = `$\{POSTERN_ISSUER}`

t.test('the issuer is written, known, or that of a tenant', async (t) => {
  const cases: [Record<string, unknown>, string][] = [
    [{}, 'https://login.example.com'],
    [{ provider: 'google', oidc_issuer_url: undefined }, 'https://accounts.google.com'],
    [{ provider: undefined, oidc_issuer_url: undefined }, 'https://accounts.google.com'],
    [{ provider: 'gitlab', oidc_issuer_url: undefined }, 'https://gitlab.com'],
    [{ provider: 'gitlab', oidc_issuer_url: 'https://git.example.com' }, 'https://git.example.com'],
    [{ provider: 'linkedin', oidc_issuer_url: undefined }, 'https://www.linkedin.com/oauth'],
    [
      { provider: 'azure', azure_tenant: 't1', oidc_issuer_url: undefined },
      'https://login.microsoftonline.com/t1/v2.0',
    ],
    [
      {
        provider: 'entra-id',
        oidc_issuer_url: 'https://login.microsoftonline.com/common/v2.0',
        entra_id_allowed_tenants: ['t2'],
      },
      'https://login.microsoftonline.com/t2/v2.0',
    ],
    [
      {
        provider: 'keycloak',
        oidc_issuer_url: undefined,
        login_url: 'https://sso.example.com/realms/staff/protocol/openid-connect/auth',
      },
      'https://sso.example.com/realms/staff',
    ],
  ]
  for (const [options, expected] of cases) t.equal(provider(options).issuer, expected)
})

t.test('an issuer that Postern cannot verify has to be decided on', async (t) => {
  const common = 'https://login.microsoftonline.com/organizations/v2.0'
  for (const options of [
    { provider: 'azure', oidc_issuer_url: undefined },
    { oidc_issuer_url: common },
    { oidc_issuer_url: common, entra_id_allowed_tenants: ['a', 'b'] },
  ])
    t.match(provider(options), { issuer, told: /POSTERN_ISSUER: the issuer of one tenant/ })
  for (const url of [
    undefined,
    'login.example.com',
    'https://user:hunter2@login.example.com',
    'https://x?y',
  ]) {
    const found = provider({ oidc_issuer_url: url })
    t.match(found, { issuer, told: /POSTERN_ISSUER: the issuer, exactly as/ })
    t.notMatch(found.told, 'hunter2')
  }
})

t.test('a provider that is not known is taken for an OpenID provider, and that is told', async (t) => {
  for (const name of ['keybase', 'constructor']) {
    t.match(provider({ provider: name }), {
      issuer: 'https://login.example.com',
      told: `provider: "${name}" is taken for an OpenID provider`,
    })
  }
})

t.test('providers without OpenID Connect have endpoints, which may be overridden', async (t) => {
  for (const name of ['bitbucket', 'digitalocean', 'facebook'])
    t.match(provider({ provider: name }), {
      endpoints: { authorization: /^https:/, token: /^https:/, userinfo: /^https:/ },
      userinfo: { sub: String },
      told: 'was not tried against this provider',
    })
  const enterprise = provider({
    provider: 'github',
    login_url: 'https://git.example.com/login/oauth/authorize',
    redeem_url: 'https://git.example.com/login/oauth/access_token',
    validate_url: 'https://git.example.com/api/v3/',
  })
  t.strictSame(enterprise.endpoints, {
    authorization: 'https://git.example.com/login/oauth/authorize',
    token: 'https://git.example.com/login/oauth/access_token',
    userinfo: 'https://git.example.com/api/v3/user',
  })
  t.equal(
    provider({ provider: 'github', profile_url: 'https://git.example.com/me' }).endpoints.userinfo,
    'https://git.example.com/me',
  )
})

t.test('an endpoint that nobody says has to be decided on', async (t) => {
  const found = provider({
    provider: 'nextcloud',
    validate_url: 'https://cloud.example.com/ocs/v2.php/cloud/user?format=json',
  })
  t.strictSame(found.endpoints, {
    authorization: `$\{POSTERN_AUTHORIZATION_URL}`,
    token: `$\{POSTERN_TOKEN_URL}`,
    userinfo: 'https://cloud.example.com/ocs/v2.php/cloud/user?format=json',
  })
  t.match(found.told, 'POSTERN_TOKEN_URL: this address of the provider')
  t.equal(provider({ provider: 'nextcloud' }).endpoints.userinfo, `$\{POSTERN_USERINFO_URL}`)
  t.equal(
    provider({ provider: 'github', login_url: 'nonsense' }).endpoints.authorization,
    `$\{POSTERN_AUTHORIZATION_URL}`,
  )
})

t.test('the client', async (t) => {
  t.match(provider({ client_id: 'a b' }), { client_id: 'a b', client_secret: `$\{POSTERN_CLIENT_SECRET}` })
  for (const id of [undefined, 'a\nb'])
    t.match(provider({ client_id: id }), { client_id: `$\{POSTERN_CLIENT_ID}`, told: 'POSTERN_CLIENT_ID: ' })
  const file = provider({ client_secret_file: '/run/secret' })
  t.strictSame([file.client_secret_file, file.client_secret], ['/run/secret', undefined])
  t.equal(provider({ client_secret_file: '/run/secret', client_secret: 'x' }).client_secret_file, undefined)
})

t.test('the client of login.gov signs', async (t) => {
  t.match(provider({ provider: 'login.gov', oidc_issuer_url: undefined, jwt_key_file: '/etc/key.pem' }), {
    issuer: 'https://secure.login.gov',
    client_auth: 'private_key_jwt',
    client_key_file: '/etc/key.pem',
    client_secret: undefined,
  })
  t.match(provider({ provider: 'login.gov', jwt_key: 'hunter2' }), {
    client_key_file: `$\{POSTERN_CLIENT_KEY_FILE}`,
    told: 'POSTERN_CLIENT_KEY_FILE: the path of a file with the private key',
  })
})

t.test('scopes', async (t) => {
  t.strictSame(provider({}).scopes, undefined)
  t.strictSame(provider({ allowed_groups: ['a'] }).scopes, [
    'openid',
    'profile',
    'email',
    'offline_access',
    'groups',
  ])
  t.strictSame(provider({ provider: 'keycloak-oidc', allowed_groups: ['a'] }).scopes, [
    'openid',
    'profile',
    'email',
  ])
  t.strictSame(provider({ scope: 'email  profile email' }).scopes, ['openid', 'email', 'profile'])
  t.strictSame(provider({ scope: 'openid+email' }).scopes, ['openid', 'email'])
  t.strictSame(provider({ provider: 'github', scope: 'user:email,read:org' }).scopes, [
    'user:email',
    'read:org',
  ])
  t.strictSame(provider({ scope: '"\\' }).scopes, undefined, 'none that is one')
  t.match(provider({ scope: 'openid' }).told, 'a session ends with its access token unless')
  t.notMatch(provider({ scope: 'openid offline_access' }).told, 'a session ends with its access token unless')
})

t.test('parameters of the sign-in', async (t) => {
  const google = { provider: 'google' }
  t.strictSame(provider(google).authorization_params, { access_type: 'offline', prompt: 'consent' })
  t.strictSame(provider({ ...google, approval_prompt: 'auto' }).authorization_params, {
    access_type: 'offline',
  })
  t.strictSame(provider({ ...google, prompt: 'login' }).authorization_params.prompt, 'login')
  t.strictSame(provider({ acr_values: 'mfa', resource: 'https://api' }).authorization_params, {
    acr_values: 'mfa',
    resource: 'https://api',
  })
  t.equal(provider({}).authorization_params, undefined)
})

t.test('where claims come from, and how tokens are signed', async (t) => {
  t.strictSame(provider({ skip_claims_from_profile_url: true }).claims_from, ['id_token'])
  t.strictSame(
    provider({ provider: 'keycloak-oidc', skip_claims_from_profile_url: true, allowed_roles: ['a'] })
      .claims_from,
    ['id_token', 'access_token'],
  )
  t.strictSame(provider({ oidc_enabled_signing_algs: ['ES256'] }).id_token_algorithms, ['ES256'])
  const some = provider({ oidc_enabled_signing_algs: ['HS256', 'RS256'] })
  t.match(some, {
    id_token_algorithms: ['RS256'],
    told: 'oidc_enabled_signing_algs: of these, only asymmetric',
  })
  t.equal(provider({ oidc_enabled_signing_algs: ['HS256'] }).id_token_algorithms, undefined)
})

t.test('authorities', async (t) => {
  t.strictSame(provider({ provider_ca_files: ['/a.pem'] }).tls, { ca_file: '/a.pem' })
  t.match(provider({ provider_ca_files: ['/a.pem', '/b.pem'] }), {
    tls: { ca_file: '/a.pem' },
    told: 'only the first file is named; put all certificates into it',
  })
})

t.test('what was not encrypted is so again, and said', async (t) => {
  t.match(provider({ oidc_issuer_url: 'http://dex.example.com' }), {
    dangerously_allow_http: true,
    told: 'oidc_issuer_url: is not encrypted, as before',
  })
  t.match(
    provider({ provider: 'github', oidc_issuer_url: undefined, login_url: 'http://git.example.com/a' }),
    {
      dangerously_allow_http: true,
      told: 'login_url: is not encrypted, as before',
    },
  )
  t.equal(provider({ oidc_issuer_url: 'http://localhost:5556/dex' }).dangerously_allow_http, undefined)
})
