/** What becomes of an option: keys of Postern, what Postern does anyway, or nothing. */
type Fate = 'translated' | 'same' | 'none'

/** One option of oauth2-proxy. */
export type Option = Readonly<{
  fate: Fate
  /** The keys of Postern it becomes; only where it is translated. */
  to?: string
  /** For the table in the documentation, and where there is no equivalent also for the comments. */
  says: string
  kind?: 'list' | 'switch'
  /** The key in a file, where it is not the flag with underscores (and an s for a list). */
  key?: string
  /** The value that changes nothing: that of oauth2-proxy when the option is not written; `false` for a switch. */
  usual?: string
  /** Its value is never shown. */
  secret?: true
}>

const toLog = 'goes to standard output as one JSON line a request; see `logging`'
const ownPages = 'Postern has its own pages; there are no templates'
const noRedis = 'sessions are sealed cookies; there is no store to run'
const ownMetrics = 'metrics are at `/metrics` of `admin.listen`, without TLS'
const adminProbes = 'probes go to `/healthz` and `/readyz` of `admin.listen`'
const googleGroups = 'groups of Google are not asked for'
const verified = 'certificates are always verified; name the authority in'
const signInOnly = 'people sign in at the provider only; there is no password file'

/** Every option, by its flag. */
export const options: Readonly<Record<string, Option>> = {
  // The provider
  provider: {
    fate: 'translated',
    to: 'provider.issuer, provider.endpoints',
    says: 'by its issuer, or its endpoints where it has none',
    usual: 'google',
  },
  'provider-display-name': { fate: 'same', says: 'there is no page with a button that would show it' },
  'client-id': { fate: 'translated', to: 'provider.client_id', says: '' },
  'client-secret': {
    fate: 'translated',
    to: 'provider.client_secret',
    says: 'never copied: `POSTERN_CLIENT_SECRET`',
    secret: true,
  },
  'client-secret-file': {
    fate: 'translated',
    to: 'provider.client_secret_file',
    says: 'read again when it changes',
  },
  'oidc-issuer-url': {
    fate: 'translated',
    to: 'provider.issuer',
    says: 'everything else about it is discovered',
  },
  'skip-oidc-discovery': { fate: 'none', says: 'the provider must have a discovery document' },
  'oidc-jwks-url': { fate: 'none', says: 'discovered' },
  'login-url': {
    fate: 'translated',
    to: 'provider.endpoints.authorization',
    says: 'for providers without OpenID Connect; else discovered',
  },
  'redeem-url': {
    fate: 'translated',
    to: 'provider.endpoints.token',
    says: 'for providers without OpenID Connect; else discovered',
  },
  'profile-url': {
    fate: 'translated',
    to: 'provider.endpoints.userinfo',
    says: 'for providers without OpenID Connect; else discovered',
  },
  'validate-url': {
    fate: 'translated',
    to: 'provider.endpoints.userinfo',
    says: 'for GitHub and Nextcloud; else there is no use for it',
  },
  scope: {
    fate: 'translated',
    to: 'provider.scopes',
    says: '`openid` is added where it is missing; a session without a refresh token ends with its access token',
  },
  prompt: { fate: 'translated', to: 'provider.authorization_params.prompt', says: '' },
  'approval-prompt': {
    fate: 'translated',
    to: 'provider.authorization_params.prompt',
    says: '`force` is `consent` at Google; other providers do not know it',
    usual: 'force',
  },
  'acr-values': {
    fate: 'translated',
    to: 'provider.authorization_params.acr_values',
    says: 'asked for, as before; `routes[].acr` would also insist on it',
  },
  resource: { fate: 'translated', to: 'provider.authorization_params.resource', says: '' },
  'auth-request-response-mode': { fate: 'none', says: 'the answer always comes as a query' },
  'code-challenge-method': {
    fate: 'same',
    says: 'PKCE with S256 is always used, and `plain` never',
    usual: 'S256',
  },
  'force-code-challenge-method': {
    fate: 'same',
    says: 'PKCE with S256 is always used, and `plain` never',
    usual: 'S256',
  },
  'oidc-email-claim': {
    fate: 'translated',
    to: 'routes[].claims, identity_headers',
    says: 'the claim that stands for the address',
    usual: 'email',
  },
  'user-id-claim': {
    fate: 'translated',
    to: 'routes[].claims, identity_headers',
    says: 'as `oidc_email_claim`',
    usual: 'email',
  },
  'oidc-groups-claim': {
    fate: 'translated',
    to: 'routes[].claims, identity_headers',
    says: 'the claim that stands for the groups',
    usual: 'groups',
  },
  'oidc-roles-claim': {
    fate: 'translated',
    to: 'routes[].claims',
    says: 'the claim that stands for the roles',
    usual: 'roles',
  },
  'oidc-audience-claim': {
    fate: 'none',
    says: 'the audience of an ID token is in `aud`, and is the client',
    kind: 'list',
    usual: 'aud',
  },
  'oidc-extra-audience': {
    fate: 'translated',
    to: 'bearer.issuers[].audience',
    says: 'for bearer tokens; an ID token must be for this client',
    kind: 'list',
  },
  'oidc-public-key-file': {
    fate: 'none',
    says: 'the keys of the provider are those it publishes',
    kind: 'list',
  },
  'oidc-enabled-signing-alg': {
    fate: 'translated',
    to: 'provider.id_token_algorithms',
    says: 'asymmetric ones only',
    kind: 'list',
  },
  'skip-claims-from-profile-url': {
    fate: 'translated',
    to: 'provider.claims_from',
    says: '`[id_token]`',
    kind: 'switch',
  },
  'provider-ca-file': {
    fate: 'translated',
    to: 'provider.tls.ca_file',
    says: 'one file with all of them',
    kind: 'list',
  },
  'use-system-trust-store': {
    fate: 'none',
    says: '`provider.tls.ca_file` is used instead of the well-known authorities; add those you need to it',
    kind: 'switch',
  },
  'ssl-insecure-skip-verify': {
    fate: 'none',
    says: `${verified} \`provider.tls.ca_file\``,
    kind: 'switch',
  },
  'insecure-oidc-allow-unverified-email': {
    fate: 'translated',
    to: 'routes[].claims',
    says: 'without it, a condition on the address is joined by `email_verified: [true]`',
    kind: 'switch',
  },
  'insecure-oidc-skip-issuer-verification': {
    fate: 'none',
    says: 'the issuer of a token is always verified; write that of one tenant',
    kind: 'switch',
  },
  'insecure-oidc-skip-nonce': {
    fate: 'same',
    says: 'the nonce is always verified',
    kind: 'switch',
    usual: 'true',
  },
  'backend-logout-url': {
    fate: 'none',
    says: 'sign-out leads through the end-session endpoint that is discovered, and revokes the tokens',
  },
  'jwt-key': {
    fate: 'translated',
    to: 'provider.client_key_file',
    says: 'never copied: put it into a file',
    secret: true,
  },
  'jwt-key-file': { fate: 'translated', to: 'provider.client_key_file', says: 'with `private_key_jwt`' },
  'pubjwk-url': { fate: 'none', says: 'discovered' },
  'azure-tenant': {
    fate: 'translated',
    to: 'provider.issuer',
    says: 'only a single tenant has an issuer that can be verified',
    usual: 'common',
  },
  'azure-graph-group-field': {
    fate: 'none',
    says: 'groups are those in the tokens; Microsoft Graph is not asked',
  },
  'entra-id-allowed-tenant': {
    fate: 'translated',
    to: 'provider.issuer',
    says: 'one tenant; several have no common issuer',
    kind: 'list',
  },
  'entra-id-federated-token-auth': {
    fate: 'none',
    says: 'the client proves who it is with `provider.client_secret` or `provider.client_key_file`',
    kind: 'switch',
  },
  'entra-id-redeem-scope': { fate: 'none', says: 'the token request names no scopes' },
  'google-admin-email': { fate: 'none', says: googleGroups },
  'google-service-account-json': { fate: 'none', says: googleGroups },
  'google-use-application-default-credentials': { fate: 'none', says: googleGroups, kind: 'switch' },
  'google-target-principal': { fate: 'none', says: googleGroups },
  'google-use-organization-id': {
    fate: 'none',
    says: 'the directory of Google is not asked',
    kind: 'switch',
  },
  'google-admin-api-user-scope': { fate: 'none', says: 'the directory of Google is not asked' },
  'github-token': { fate: 'none', says: 'repositories of GitHub are not asked for', secret: true },

  // Who may pass
  'email-domain': {
    fate: 'translated',
    to: 'routes[].access, routes[].claims',
    says: '`*` is `access: authenticated`; a domain cannot be matched, so that you must decide',
    kind: 'list',
  },
  'authenticated-emails-file': {
    fate: 'translated',
    to: 'routes[].claims',
    says: 'the addresses go into the configuration, so that you must decide',
  },
  'allowed-group': {
    fate: 'translated',
    to: 'routes[].claims',
    says: 'each route asks for one of the groups',
    kind: 'list',
  },
  'allowed-role': {
    fate: 'translated',
    to: 'routes[].claims, provider.claims_from',
    says: 'roles of Keycloak are in the access token',
    kind: 'list',
  },
  'keycloak-group': { fate: 'translated', to: 'routes[].claims', says: 'as `allowed_groups`', kind: 'list' },
  'gitlab-group': { fate: 'translated', to: 'routes[].claims', says: 'as `allowed_groups`', kind: 'list' },
  'gitlab-project': {
    fate: 'translated',
    to: 'routes[].claims',
    says: 'projects are not asked for, so that you must decide',
    kind: 'list',
  },
  'google-group': {
    fate: 'translated',
    to: 'routes[].claims',
    says: `${googleGroups}, so that you must decide`,
    kind: 'list',
  },
  'github-org': {
    fate: 'translated',
    to: 'routes[].claims',
    says: 'organisations are not asked for, so that you must decide',
  },
  'github-team': {
    fate: 'translated',
    to: 'routes[].claims',
    says: 'teams are not asked for, so that you must decide',
  },
  'github-repo': {
    fate: 'translated',
    to: 'routes[].claims',
    says: 'repositories are not asked for, so that you must decide',
  },
  'github-user': {
    fate: 'translated',
    to: 'routes[].claims',
    says: '`preferred_username` is one of them',
    kind: 'list',
  },
  'bitbucket-team': {
    fate: 'translated',
    to: 'routes[].claims',
    says: 'teams are not asked for, so that you must decide',
  },
  'bitbucket-repository': {
    fate: 'translated',
    to: 'routes[].claims',
    says: 'repositories are not asked for, so that you must decide',
  },
  'htpasswd-file': { fate: 'none', says: signInOnly },
  'htpasswd-user-group': { fate: 'none', says: signInOnly, kind: 'list' },
  'display-htpasswd-form': { fate: 'none', says: signInOnly, kind: 'switch', usual: 'true' },
  'trusted-ip': {
    fate: 'none',
    says: 'no address passes without signing in; give machines a bearer token, or make their paths public',
    kind: 'list',
  },

  // Paths
  'skip-auth-route': {
    fate: 'translated',
    to: 'routes[].access',
    says: 'simple anchored expressions become `public`; the others are listed, never widened',
    kind: 'list',
  },
  'skip-auth-regex': {
    fate: 'translated',
    to: 'routes[].access',
    says: 'as `skip_auth_routes`',
    kind: 'list',
    key: 'skip_auth_regex',
  },
  'api-route': {
    fate: 'translated',
    to: 'routes[].on_unauthenticated',
    says: '`challenge`; scripts are told apart anyway',
    kind: 'list',
  },
  'force-json-errors': {
    fate: 'translated',
    to: 'routes[].on_unauthenticated',
    says: '`challenge` on every route',
    kind: 'switch',
  },
  'skip-auth-preflight': {
    fate: 'translated',
    to: 'routes[].methods',
    says: 'OPTIONS is public; `routes[].cors` answers preflights better',
    kind: 'switch',
  },

  // Bearer tokens
  'skip-jwt-bearer-tokens': {
    fate: 'translated',
    to: 'bearer.issuers',
    says: 'access tokens only: ID tokens are refused',
    kind: 'switch',
  },
  'extra-jwt-issuers': {
    fate: 'translated',
    to: 'bearer.issuers',
    says: '`issuer=audience`',
    kind: 'list',
    key: 'extra_jwt_issuers',
  },
  'bearer-token-login-fallback': {
    fate: 'none',
    says: 'a bearer token that does not count is 401, and never starts a sign-in',
    kind: 'switch',
    usual: 'true',
  },

  // The server
  'http-address': {
    fate: 'translated',
    to: 'server.listen',
    says: 'that of oauth2-proxy where it is not written',
    usual: '127.0.0.1:4180',
  },
  'https-address': {
    fate: 'translated',
    to: 'server.listen',
    says: 'where there is a certificate: there is one listener, with TLS or without',
    usual: ':443',
  },
  'tls-cert-file': { fate: 'translated', to: 'server.tls.cert_file', says: '' },
  'tls-key-file': { fate: 'translated', to: 'server.tls.key_file', says: '' },
  'tls-min-version': { fate: 'none', says: 'TLS 1.2 and 1.3 are spoken', usual: 'TLS1.2' },
  'tls-cipher-suite': { fate: 'none', says: 'the ciphers are those of Node.js', kind: 'list' },
  'metrics-address': { fate: 'none', says: ownMetrics },
  'metrics-secure-address': { fate: 'none', says: ownMetrics },
  'metrics-tls-cert-file': { fate: 'none', says: ownMetrics },
  'metrics-tls-key-file': { fate: 'none', says: ownMetrics },
  'proxy-prefix': { fate: 'translated', to: 'server.prefix', says: '', usual: '/oauth2' },
  'redirect-url': {
    fate: 'translated',
    to: 'server.public_url',
    says: 'its origin; the path is always the prefix and `/callback`',
  },
  'relative-redirect-url': {
    fate: 'none',
    says: 'write every origin into `server.public_url`, or one and `session.cookie.domain`',
    kind: 'switch',
  },
  'reverse-proxy': {
    fate: 'translated',
    to: 'server.trusted_proxies',
    says: 'nobody is believed until you name the proxies',
    kind: 'switch',
  },
  'trusted-proxy-ip': { fate: 'translated', to: 'server.trusted_proxies', says: '', kind: 'list' },
  'real-client-ip-header': {
    fate: 'none',
    says: 'the address of the client is in `X-Forwarded-For`; let the proxy send that',
    usual: 'X-Forwarded-For',
  },
  'force-https': { fate: 'none', says: 'let the proxy in front redirect http to https', kind: 'switch' },
  'whitelist-domain': {
    fate: 'translated',
    to: 'redirect.allowed_hosts',
    says: '`.example.com` is that host and all below it',
    kind: 'list',
  },
  'ping-path': { fate: 'none', says: adminProbes, usual: '/ping' },
  'ready-path': { fate: 'none', says: adminProbes, usual: '/ready' },
  'ping-user-agent': { fate: 'none', says: adminProbes },
  'gcp-healthchecks': { fate: 'none', says: adminProbes, kind: 'switch' },
  'allow-query-semicolons': { fate: 'same', says: 'a query goes to the service as it is', kind: 'switch' },
  'encode-state': { fate: 'same', says: 'the state is one opaque word', kind: 'switch' },
  'skip-provider-button': { fate: 'same', says: 'the sign-in goes straight to the provider', kind: 'switch' },
  'signature-key': {
    fate: 'none',
    says: 'requests are not signed; keep the service where only Postern reaches it',
    secret: true,
  },

  // Cookies and sessions
  'cookie-secret': {
    fate: 'translated',
    to: 'session.keys',
    says: 'never copied: a new key from `postern keygen`; everybody signs in once more',
    secret: true,
  },
  'cookie-secret-file': { fate: 'translated', to: 'session.keys', says: 'as `cookie_secret`' },
  'cookie-name': {
    fate: 'translated',
    to: 'session.cookie.name',
    says: 'with `_postern` behind it, so that both can run side by side',
    usual: '_oauth2_proxy',
  },
  'cookie-domain': {
    fate: 'translated',
    to: 'session.cookie.domain',
    says: 'one domain, that of the public URL',
    kind: 'list',
  },
  'cookie-path': { fate: 'none', says: 'the session is for the whole host', usual: '/' },
  'cookie-expire': {
    fate: 'translated',
    to: 'session.absolute_lifetime',
    says: 'a hard end; there is `session.idle_timeout` beside it',
  },
  'cookie-refresh': {
    fate: 'none',
    says: 'tokens are refreshed before they end, by themselves; see `session.refresh_before`',
    usual: '0',
  },
  'cookie-secure': {
    fate: 'none',
    says: 'cookies are `Secure` whenever `server.public_url` is https',
    kind: 'switch',
    usual: 'true',
  },
  'cookie-httponly': {
    fate: 'none',
    says: 'no script ever reads the session; it may ask `/oauth2/session`',
    kind: 'switch',
    usual: 'true',
  },
  'cookie-samesite': {
    fate: 'translated',
    to: 'session.cookie.same_site',
    says: '`lax` where it is not written',
  },
  'cookie-csrf-per-request': { fate: 'same', says: 'up to five sign-ins at once', kind: 'switch' },
  'cookie-csrf-per-request-limit': { fate: 'same', says: 'up to five sign-ins at once' },
  'cookie-csrf-expire': { fate: 'none', says: 'a sign-in may take ten minutes' },
  'cookie-csrf-samesite': { fate: 'none', says: 'the cookies of a sign-in are `SameSite=Lax`' },
  'session-store-type': { fate: 'none', says: noRedis, usual: 'cookie' },
  'session-cookie-minimal': {
    fate: 'none',
    says: 'the tokens are in the session; ask for less with `provider.scopes` and `provider.claims_from`',
    kind: 'switch',
  },
  'redis-connection-url': { fate: 'none', says: noRedis, secret: true },
  'redis-username': { fate: 'none', says: noRedis },
  'redis-password': { fate: 'none', says: noRedis, secret: true },
  'redis-use-sentinel': { fate: 'none', says: noRedis, kind: 'switch' },
  'redis-sentinel-password': { fate: 'none', says: noRedis, secret: true },
  'redis-sentinel-master-name': { fate: 'none', says: noRedis },
  'redis-sentinel-connection-urls': {
    fate: 'none',
    says: noRedis,
    kind: 'list',
    key: 'redis_sentinel_connection_urls',
    secret: true,
  },
  'redis-use-cluster': { fate: 'none', says: noRedis, kind: 'switch' },
  'redis-cluster-connection-urls': {
    fate: 'none',
    says: noRedis,
    kind: 'list',
    key: 'redis_cluster_connection_urls',
    secret: true,
  },
  'redis-ca-path': { fate: 'none', says: noRedis },
  'redis-insecure-skip-tls-verify': { fate: 'none', says: noRedis, kind: 'switch' },
  'redis-connection-idle-timeout': { fate: 'none', says: noRedis, usual: '0' },

  // Headers
  'pass-user-headers': {
    fate: 'translated',
    to: 'upstreams.NAME.identity_headers',
    says: 'the same names',
    kind: 'switch',
    usual: 'true',
  },
  'pass-basic-auth': {
    fate: 'translated',
    to: 'upstreams.NAME.identity_headers',
    says: 'as `pass_user_headers`; `Authorization: Basic` is not sent',
    kind: 'switch',
    usual: 'true',
  },
  'prefer-email-to-user': {
    fate: 'translated',
    to: 'identity_headers',
    says: '`X-Forwarded-User` has the address',
    kind: 'switch',
  },
  'pass-access-token': {
    fate: 'translated',
    to: 'upstreams.NAME.token, forward_auth.access_token_header',
    says: 'as `Authorization: Bearer` instead of `X-Forwarded-Access-Token`',
    kind: 'switch',
  },
  'pass-authorization-header': {
    fate: 'translated',
    to: 'upstreams.NAME.token',
    says: '`id`, the ID token, as before',
    kind: 'switch',
  },
  'set-authorization-header': {
    fate: 'translated',
    to: 'forward_auth.token',
    says: '`id`, the ID token, as before',
    kind: 'switch',
  },
  'set-xauthrequest': {
    fate: 'translated',
    to: 'forward_auth.identity_headers',
    says: 'the same names',
    kind: 'switch',
  },
  'set-basic-auth': { fate: 'none', says: '`Authorization: Basic` is not sent', kind: 'switch' },
  'basic-auth-password': { fate: 'none', says: '`Authorization: Basic` is not sent', secret: true },
  'skip-auth-strip-headers': {
    fate: 'none',
    says: 'what clients send under the names of identity headers is always taken out',
    kind: 'switch',
    usual: 'true',
  },

  // Upstreams
  upstream: {
    fate: 'translated',
    to: 'upstreams, routes, forward_auth',
    says: 'http, https and unix; `static://` means that another proxy asks; there are no static files',
    kind: 'list',
  },
  'upstream-timeout': {
    fate: 'translated',
    to: 'upstreams.NAME.timeouts.headers',
    says: 'of the head of the answer',
    usual: '30s',
  },
  'pass-host-header': {
    fate: 'translated',
    to: 'upstreams.NAME.host',
    says: '`rewrite` when it is off',
    kind: 'switch',
    usual: 'true',
  },
  'ssl-upstream-insecure-skip-verify': {
    fate: 'none',
    says: `${verified} \`upstreams.NAME.tls.ca_file\``,
    kind: 'switch',
  },
  'flush-interval': { fate: 'same', says: 'answers are never held back' },
  'proxy-websockets': {
    fate: 'none',
    says: 'WebSockets cannot be turned off; they pass the same rules',
    kind: 'switch',
    usual: 'true',
  },
  'disable-keep-alives': { fate: 'none', says: 'connections to services are kept', kind: 'switch' },

  // Logs and pages
  'request-logging': {
    fate: 'translated',
    to: 'logging.level',
    says: '`warn` leaves out requests that went well',
    kind: 'switch',
    usual: 'true',
  },
  'request-logging-format': { fate: 'none', says: toLog },
  'auth-logging': { fate: 'none', says: toLog, kind: 'switch', usual: 'true' },
  'auth-logging-format': { fate: 'none', says: toLog },
  'standard-logging': { fate: 'none', says: toLog, kind: 'switch', usual: 'true' },
  'standard-logging-format': { fate: 'none', says: toLog },
  'errors-to-info-log': { fate: 'none', says: toLog, kind: 'switch' },
  'exclude-logging-path': { fate: 'none', says: toLog, key: 'exclude_logging_paths' },
  'silence-ping-logging': { fate: 'same', says: 'probes are not logged', kind: 'switch' },
  'logging-filename': { fate: 'none', says: toLog },
  'logging-max-size': { fate: 'none', says: toLog, usual: '100' },
  'logging-max-age': { fate: 'none', says: toLog, usual: '7' },
  'logging-max-backups': { fate: 'none', says: toLog, usual: '0' },
  'logging-local-time': { fate: 'none', says: toLog, kind: 'switch', usual: 'true' },
  'logging-compress': { fate: 'none', says: toLog, kind: 'switch' },
  'request-id-header': {
    fate: 'none',
    says: 'the id of a request is in `X-Request-Id`',
    usual: 'X-Request-Id',
  },
  'custom-templates-dir': { fate: 'none', says: ownPages },
  'custom-sign-in-logo': { fate: 'none', says: ownPages },
  banner: { fate: 'none', says: ownPages },
  footer: { fate: 'none', says: ownPages },
  'show-debug-on-error': {
    fate: 'none',
    says: 'details are in the log, by the request id of the page',
    kind: 'switch',
  },

  // The command line
  config: { fate: 'none', says: 'give that file to `postern migrate` too' },
  'alpha-config': {
    fate: 'none',
    says: 'that file is not read; write the old options, or translate it by hand',
  },
  'config-test': { fate: 'none', says: 'use `postern check`', kind: 'switch' },
  'convert-config-to-alpha': { fate: 'none', says: 'only for oauth2-proxy', kind: 'switch' },
  version: { fate: 'none', says: 'use `postern --version`', kind: 'switch' },
}
