import fc from 'fast-check'
import t from 'tap'
import { parse } from 'yaml'
import { commentOf, loadPrinted, migrateOptions } from './support.ts'

/** What every route asks for, and what is told about it. */
function access(options: Record<string, unknown>) {
  const yaml = migrateOptions(options)
  const [route] = parse(yaml).routes
  loadPrinted(yaml)
  return { claims: route.claims, access: route.access, told: commentOf(yaml) }
}

const anybody = `$\{POSTERN_ALLOWED_EMAIL}`
const someGroup = `$\{POSTERN_ALLOWED_GROUP}`
const someUser = `$\{POSTERN_ALLOWED_USER}`

t.test('all addresses: whoever is signed in', async (t) => {
  const { access: kind, claims, told } = access({ email_domains: ['*', 'example.com'] })
  t.strictSame([kind, claims], ['authenticated', undefined])
  t.match(told, /email_domains: everybody the provider signs in may pass, also .* not verified/)
})

t.test('a domain cannot be matched: somebody has to decide, and until then nobody passes', async (t) => {
  const { claims, told } = access({ email_domains: ['example.com'] })
  t.strictSame(claims, { email: [anybody], email_verified: [true] })
  t.match(told, /POSTERN_ALLOWED_EMAIL: who may pass\? It was the domains "example.com", and/)
})

t.test('the same without any address, and with a file of them', async (t) => {
  t.match(access({ email_domains: undefined }).told, 'said elsewhere: there are no email_domains here')
  const file = access({ email_domains: ['a.example'], authenticated_emails_file: '/etc/emails' })
  t.strictSame(file.claims.email, [anybody])
  t.match(file.told, 'the domains "a.example" and the addresses in the file "/etc/emails"')
})

t.test('what else says a domain', async (t) => {
  const domains = { email_domains: ['a.example', 'b.example', 'c d'] }
  t.match(access({ ...domains, provider: 'google' }).told, 'At Google, hd is the domain of the Workspace')
  const query = 'the proxy may also ask auth?allowed_email_domains=a.example,b.example and the routes'
  t.match(access({ ...domains, upstreams: undefined }).told, query)
  t.notMatch(access(domains).told, 'allowed_email_domains=')
  t.notMatch(access({ email_domains: [], upstreams: undefined }).told, 'allowed_email_domains=')
})

t.test('an address that is not verified counts where it did, or where nobody says', async (t) => {
  const options = { email_domains: ['example.com'], insecure_oidc_allow_unverified_email: true }
  t.strictSame(access(options).claims, { email: [anybody] })
  t.strictSame(access({ email_domains: ['example.com'], provider: 'github' }).claims, { email: [anybody] })
})

t.test('other claims for address and groups', async (t) => {
  const names = { oidc_email_claim: 'upn', oidc_groups_claim: 'teams' }
  t.strictSame(access({ ...names, email_domains: ['example.com'], allowed_groups: ['a', 'b', 'a'] }).claims, {
    upn: [anybody],
    email_verified: [true],
    teams: ['a', 'b'],
  })
  t.strictSame(access({ user_id_claim: 'mail', email_domains: [] }).claims.mail, [anybody])
})

t.test('a claim that is none is an error: who would pass is unknown', async (t) => {
  for (const name of ['__proto__', 'a.__proto__', 'a\nb'])
    t.throws(() => migrateOptions({ oidc_groups_claim: name, allowed_groups: ['a'] }), {
      name: 'SyntaxProblem',
      message: 'oidc_groups_claim is not the name of a claim',
    })
})

t.test('two conditions on one claim are never one', async (t) => {
  const { claims, told } = access({
    email_domains: ['example.com'],
    oidc_email_claim: 'groups',
    allowed_groups: ['staff'],
  })
  t.strictSame(claims.groups, [someUser])
  t.match(told, 'There were two conditions on the claim "groups"')
})

t.test('groups of Keycloak and GitLab', async (t) => {
  t.strictSame(
    access({ provider: 'keycloak-oidc', keycloak_groups: ['/a'], allowed_groups: ['/b'] }).claims,
    {
      groups: ['/b', '/a'],
    },
  )
  t.strictSame(access({ provider: 'gitlab', gitlab_groups: ['ops'] }).claims, { groups: ['ops'] })
  t.equal(access({ provider: 'oidc', gitlab_groups: ['ops'] }).access, 'authenticated', 'as in oauth2-proxy')
})

t.test('groups that no claim tells', async (t) => {
  const cases: [Record<string, unknown>, string][] = [
    [{ provider: 'google', google_groups: ['a@x.example'] }, 'It was google_groups "a@x.example"'],
    [
      { provider: 'google', allowed_groups: ['b'], google_groups: ['a'] },
      'It was allowed_groups "b" or google_groups "a"',
    ],
    [{ provider: 'gitlab', gitlab_projects: ['a/b=30'] }, 'It was gitlab_projects "a/b=30"'],
    [{ provider: 'github', allowed_groups: ['acme:team'] }, 'It was allowed_groups "acme:team"'],
  ]
  for (const [options, said] of cases) {
    const { claims, told } = access(options)
    t.strictSame(claims, { groups: [someGroup] })
    t.match(told, `POSTERN_ALLOWED_GROUP: who may pass? ${said}`)
  }
})

t.test('projects beside groups: only the groups are left', async (t) => {
  const { claims, told } = access({ provider: 'gitlab', gitlab_groups: ['ops'], gitlab_projects: ['a/b'] })
  t.strictSame(claims, { groups: ['ops'] })
  t.match(told, 'gitlab_projects: only the allowed groups pass now')
})

t.test('roles of Keycloak are in the access token', async (t) => {
  const yaml = migrateOptions({
    provider: 'keycloak-oidc',
    allowed_roles: ['admin', 'app:editor', 'app:author'],
  })
  t.match(parse(yaml), {
    provider: { claims_from: ['id_token', 'userinfo', 'access_token'] },
    routes: [
      { claims: { 'realm_access.roles': ['admin'], 'resource_access.app.roles': ['editor', 'author'] } },
    ],
  })
  t.match(commentOf(yaml), 'a role of the realm and one of each client are needed now')
  loadPrinted(yaml)
})

t.test('roles elsewhere, and roles beside groups', async (t) => {
  t.strictSame(access({ allowed_roles: ['admin'] }).claims, { roles: ['admin'] })
  const both = access({ provider: 'keycloak-oidc', allowed_roles: ['a'], allowed_groups: ['b'] })
  t.strictSame(both.claims, { 'realm_access.roles': ['a'], groups: ['b'] })
  t.match(both.told, 'one of the groups and one of the roles are needed now')
})

t.test('accounts can be named, organisations, teams and repositories not', async (t) => {
  t.strictSame(access({ provider: 'github', github_users: ['octocat'] }).claims, {
    preferred_username: ['octocat'],
  })
  const both = access({ provider: 'github', github_users: ['octocat'], github_org: 'acme' })
  t.strictSame(both.claims, { preferred_username: ['octocat'] })
  t.match(both.told, 'only these accounts pass now; the members of github_org have to be added')
  for (const flag of ['github_org', 'github_team', 'github_repo']) {
    const { claims, told } = access({ provider: 'github', [flag]: 'acme' })
    t.strictSame(claims, { preferred_username: [someUser] })
    t.match(told, `It was ${flag} "acme", which Postern does not ask for`)
  }
  for (const flag of ['bitbucket_team', 'bitbucket_repository'])
    t.strictSame(access({ provider: 'bitbucket', [flag]: 'acme' }).claims, { preferred_username: [someUser] })
})

t.test('tenants of Entra ID', async (t) => {
  t.strictSame(access({ provider: 'entra-id', entra_id_allowed_tenants: ['t1', 't2'] }).claims, {
    tid: ['t1', 't2'],
  })
})

t.test('the condition is that of every route that is not public', async (t) => {
  const options = { allowed_groups: ['staff'], api_routes: ['^/api'], skip_auth_routes: ['GET=^/api/x/?$'] }
  const { routes } = loadPrinted(migrateOptions(options))
  t.strictSame(
    routes.map(({ path, access: kind, claims }) => [path, kind, claims]),
    [
      ['/api/x', 'public', {}],
      ['/api/x', 'authenticated', { groups: ['staff'] }],
      ['/api/**', 'authenticated', { groups: ['staff'] }],
      ['/**', 'authenticated', { groups: ['staff'] }],
    ],
  )
})

/** Each of these let fewer people in, whatever else was written. */
const restrictions: Readonly<Record<string, unknown>> = {
  email_domains: ['example.com'],
  authenticated_emails_file: '/etc/emails',
  allowed_groups: ['staff'],
  allowed_roles: ['editor'],
  google_groups: ['a@example.com'],
  gitlab_projects: ['a/b'],
  github_org: 'acme',
  github_team: 'team',
  github_repo: 'acme/app',
  github_users: ['octocat'],
  bitbucket_team: 'acme',
  bitbucket_repository: 'acme/app',
  entra_id_allowed_tenants: ['t1'],
}
const providerNames = [
  'oidc',
  'google',
  'github',
  'gitlab',
  'keycloak-oidc',
  'azure',
  'bitbucket',
  'nextcloud',
  'other',
]

t.test('whatever restricted who may pass, something does so now', async (t) => {
  const asked = { email_domains: undefined }
  fc.assert(
    fc.property(
      fc.constantFrom(...providerNames),
      fc.subarray(Object.keys(restrictions), { minLength: 1 }),
      fc.constantFrom('email', 'groups', 'preferred_username', 'roles', 'tid'),
      fc.constantFrom('groups', 'email', 'roles', 'preferred_username'),
      (provider, names, oidc_email_claim, oidc_groups_claim) => {
        const written = Object.fromEntries(names.map((name) => [name, restrictions[name]]))
        const hasAddress = names.includes('email_domains') || names.includes('authenticated_emails_file')
        const options = {
          provider,
          oidc_email_claim,
          oidc_groups_claim,
          ...(hasAddress ? asked : {}),
          ...written,
        }
        const { routes } = parse(migrateOptions(options))
        for (const route of routes)
          if (route.access !== undefined || Object.keys(route.claims).length === 0)
            throw new Error(`${JSON.stringify(options)} lets everybody pass`)
        if (hasAddress && !/ALLOWED_(?:EMAIL|USER)/.test(JSON.stringify(routes)))
          throw new Error(`${JSON.stringify(options)} forgets the address`)
      },
    ),
    { numRuns: 500 },
  )
  t.pass('500 configurations')
})
