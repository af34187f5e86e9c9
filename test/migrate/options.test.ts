import t from 'tap'
import { flagNamed, keyOf } from '../../src/migrate/option-names.ts'
import { options } from '../../src/migrate/options.ts'
import { commentOf, migrateOptions } from './support.ts'

/** The options that the documentation of oauth2-proxy names, version 7, with those of the providers. */
const documented = `
  acr-values allow-query-semicolons allowed-group allowed-role api-route approval-prompt auth-logging auth-logging-format
  auth-request-response-mode authenticated-emails-file azure-graph-group-field azure-tenant backend-logout-url banner
  basic-auth-password bitbucket-repository bitbucket-team client-id client-secret client-secret-file code-challenge-method config
  cookie-csrf-expire cookie-csrf-per-request cookie-csrf-per-request-limit cookie-csrf-samesite cookie-domain cookie-expire
  cookie-httponly cookie-name cookie-path cookie-refresh cookie-samesite cookie-secret cookie-secret-file cookie-secure
  custom-sign-in-logo custom-templates-dir display-htpasswd-form email-domain encode-state entra-id-allowed-tenant
  entra-id-federated-token-auth errors-to-info-log exclude-logging-path extra-jwt-issuers flush-interval footer
  force-code-challenge-method force-https force-json-errors gcp-healthchecks github-org github-repo github-team github-token
  github-user gitlab-group gitlab-project google-admin-api-user-scope google-admin-email google-group google-service-account-json
  google-target-principal google-use-application-default-credentials google-use-organization-id htpasswd-file
  htpasswd-user-group http-address https-address insecure-oidc-allow-unverified-email insecure-oidc-skip-issuer-verification
  insecure-oidc-skip-nonce jwt-key jwt-key-file keycloak-group logging-compress logging-filename logging-local-time
  logging-max-age logging-max-backups logging-max-size login-url metrics-address metrics-secure-address metrics-tls-cert-file
  metrics-tls-key-file oidc-audience-claim oidc-email-claim oidc-enabled-signing-alg oidc-extra-audience oidc-groups-claim
  oidc-issuer-url oidc-jwks-url oidc-public-key-file pass-access-token pass-authorization-header pass-basic-auth
  pass-host-header pass-user-headers ping-path ping-user-agent prefer-email-to-user profile-url prompt provider provider-ca-file
  provider-display-name proxy-prefix proxy-websockets pubjwk-url ready-path real-client-ip-header redeem-url redirect-url
  redis-ca-path redis-cluster-connection-urls redis-connection-idle-timeout redis-connection-url redis-insecure-skip-tls-verify
  redis-password redis-sentinel-connection-urls redis-sentinel-master-name redis-sentinel-password redis-use-cluster
  redis-use-sentinel redis-username relative-redirect-url request-id-header request-logging request-logging-format resource
  reverse-proxy scope session-cookie-minimal session-store-type set-authorization-header set-basic-auth set-xauthrequest
  show-debug-on-error signature-key silence-ping-logging skip-auth-preflight skip-auth-regex skip-auth-route
  skip-auth-strip-headers skip-claims-from-profile-url skip-jwt-bearer-tokens skip-oidc-discovery skip-provider-button
  ssl-insecure-skip-verify ssl-upstream-insecure-skip-verify standard-logging standard-logging-format tls-cert-file
  tls-cipher-suite tls-key-file tls-min-version trusted-ip trusted-proxy-ip upstream upstream-timeout use-system-trust-store
  user-id-claim validate-url version whitelist-domain
`.match(/\S+/g) as string[]

t.test('every documented option has an entry', async (t) => {
  t.strictSame(
    documented.filter((flag) => !(flag in options)),
    [],
  )
})

t.test('an entry says what it becomes, or why it does not', async (t) => {
  for (const [flag, { fate, to, says }] of Object.entries(options)) {
    t.equal(to !== undefined, fate === 'translated', flag)
    if (fate !== 'translated') t.not(says, '', flag)
  }
})

t.test('the keys are those of the configuration file', async (t) => {
  t.equal(keyOf('email-domain'), 'email_domains')
  t.equal(keyOf('skip-auth-regex'), 'skip_auth_regex')
  t.equal(keyOf('client-id'), 'client_id')
  t.equal(new Set(Object.keys(options).map(keyOf)).size, Object.keys(options).length)
})

t.test(
  'an option is known by its flag, its key and its variable, in the singular and the plural',
  async (t) => {
    for (const name of [
      'allowed-group',
      'allowed_groups',
      'ALLOWED_GROUPS',
      'allowed-groups',
      'allowed_group',
    ])
      t.equal(flagNamed(name), 'allowed-group', name)
    for (const flag of Object.keys(options)) t.equal(flagNamed(keyOf(flag)), flag)
    t.equal(flagNamed('constructor'), undefined)
  },
)

t.test('what lets people in counts only as oauth2-proxy spells it', async (t) => {
  for (const name of ['email-domain', 'email_domains', 'EMAIL_DOMAINS'])
    t.equal(flagNamed(name), 'email-domain', name)
  for (const name of [
    'email-domains',
    'email_domain',
    'skip_auth_route',
    'skip_auth_regexs',
    'trusted_proxy_ip',
  ])
    t.equal(flagNamed(name), undefined, name)
  const yaml = migrateOptions({ email_domains: undefined, email_domain: '*' })
  t.match(yaml, 'POSTERN_ALLOWED_EMAIL')
  t.match(commentOf(yaml), 'Not known, and passed over: email_domain')
})

/** What makes some options mean something. */
const contexts: Readonly<Record<string, Record<string, unknown>>> = {
  'oidc-extra-audience': { skip_jwt_bearer_tokens: true },
  'oidc-email-claim': { email_domains: ['example.com'] },
  'user-id-claim': { email_domains: ['example.com'] },
  'oidc-groups-claim': { allowed_groups: ['staff'] },
  'oidc-roles-claim': { allowed_roles: ['editor'] },
  'insecure-oidc-allow-unverified-email': { email_domains: ['example.com'] },
  'authenticated-emails-file': { email_domains: undefined },
  'keycloak-group': { provider: 'keycloak-oidc' },
  'gitlab-group': { provider: 'gitlab' },
  'azure-tenant': { provider: 'azure', oidc_issuer_url: undefined },
  'login-url': { provider: 'github' },
  'redeem-url': { provider: 'github' },
  'profile-url': { provider: 'github' },
  'validate-url': { provider: 'github' },
  'approval-prompt': { provider: 'google' },
  'jwt-key': { provider: 'login.gov' },
  'jwt-key-file': { provider: 'login.gov' },
  'https-address': { tls_cert_file: 'tls.crt', tls_key_file: 'tls.key' },
  'tls-cert-file': { tls_key_file: 'tls.key' },
  'tls-key-file': { tls_cert_file: 'tls.crt' },
  'set-xauthrequest': { upstreams: undefined },
  'set-authorization-header': { upstreams: undefined },
  'pass-user-headers': { pass_basic_auth: false },
  'pass-basic-auth': { pass_user_headers: false },
}

/** Values that are not those that hold anyway, where a word does not do. */
const samples: Readonly<Record<string, unknown>> = {
  provider: 'github',
  'login-url': 'https://github.example.com/a',
  'redeem-url': 'https://github.example.com/b',
  'profile-url': 'https://github.example.com/c',
  'validate-url': 'https://github.example.com/d',
  'oidc-issuer-url': 'https://other.example.com',
  'oidc-enabled-signing-alg': ['ES256'],
  'approval-prompt': 'auto',
  'email-domain': ['example.com'],
  'http-address': '127.0.0.1:9000',
  'https-address': '127.0.0.1:9443',
  'proxy-prefix': '/_auth',
  'redirect-url': 'https://other.example.com/oauth2/callback',
  'trusted-proxy-ip': ['192.0.2.1'],
  'whitelist-domain': ['.example.com'],
  'cookie-domain': ['example.com'],
  'cookie-expire': '2h',
  'cookie-samesite': 'strict',
  'cookie-secret': 'the secret of the cookie',
  upstream: ['http://other:8080'],
  'upstream-timeout': '1m',
  'skip-auth-route': ['^/x/?$'],
  'skip-auth-regex': ['^/x/?$'],
  'api-route': ['^/x/?$'],
  'extra-jwt-issuers': ['https://ci.example.com=ci'],
}

/** A value that is never copied makes no difference, and neither does one that is not understood by anything else. */
const silent = new Set(['client-secret', 'cookie-secret', 'cookie-secret-file', 'jwt-key', 'version'])

t.test('no option is passed over in silence', async (t) => {
  for (const [flag, { kind, usual }] of Object.entries(options)) {
    if (silent.has(flag)) continue
    const context = contexts[flag] ?? {}
    const value =
      samples[flag] ?? (kind === 'switch' ? usual !== 'true' : kind === 'list' ? ['word'] : 'word')
    t.not(
      migrateOptions({ ...context, [keyOf(flag)]: value }),
      migrateOptions({ ...context, [keyOf(flag)]: undefined }),
      flag,
    )
  }
})

t.test('what is as it is anyway is not told', async (t) => {
  const nothing = migrateOptions({})
  for (const [flag, { fate, kind, usual }] of Object.entries(options))
    if (fate === 'none' && (kind === 'switch' || usual !== undefined))
      t.equal(migrateOptions({ [keyOf(flag)]: usual ?? 'false' }), nothing, flag)
})

t.test('what has no equivalent is told with its reason, what is done anyway by its name', async (t) => {
  const told = commentOf(migrateOptions({ trusted_ips: ['10.0.0.0/8'], encode_state: true, frobnicate: 1 }))
  t.match(told, 'trusted_ips: no address passes without signing in')
  t.match(told, 'Postern does so anyway: encode_state')
  t.match(told, 'Not known, and passed over: frobnicate')
})
