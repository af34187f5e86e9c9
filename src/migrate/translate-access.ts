import { claimNames, providerName } from './claim-names.ts'
import type { Input } from './input.ts'
import { quoted } from './notes.ts'
import { keyOf } from './option-names.ts'
import { providerNamed } from './providers.ts'
import { isOn, listOf, type Settings, textOf } from './settings.ts'
import { isOnlyAsked } from './translate-upstreams.ts'
import { type Branch, unlessEmpty, variable } from './tree.ts'

/**
 * What a route asks of whoever passes. It is never less than before: a condition that claims cannot express becomes a
 * variable that nobody has set.
 */
export function translateAccess(input: Input): Branch {
  const conditions = [addressClaims(input), roleClaims(input), groupClaims(input), accountClaims(input)]
  const claims = allOf(input, conditions)
  return unlessEmpty(claims) === undefined ? { access: 'authenticated' } : { claims }
}

/** All of the conditions together; two on one claim cannot be written. */
function allOf({ notes }: Input, conditions: readonly Branch[]): Branch {
  const claims: Record<string, Branch[string]> = {}
  for (const [name, values] of conditions.flatMap((condition) => Object.entries(condition))) {
    if (Object.hasOwn(claims, name))
      notes.add(
        'decide',
        'POSTERN_ALLOWED_USER',
        `who may pass? There were two conditions on the claim ${quoted(name)}, and a route has one`,
      )
    claims[name] = Object.hasOwn(claims, name) ? [variable('POSTERN_ALLOWED_USER')] : values
  }
  return claims
}

/** Claims equal a value or contain it, so that a domain cannot be matched, only an address. */
function addressClaims(input: Input): Branch {
  const { settings, notes } = input
  const domains = listOf(settings, 'email-domain')
  const file = textOf(settings, 'authenticated-emails-file')
  if (domains.includes('*')) {
    notes.add(
      'changed',
      'email_domains',
      'everybody the provider signs in may pass, also without an address or with one that is not verified. If people can register there by themselves, add claims: { email_verified: [true] } to the routes',
    )
    return {}
  }
  const who = [
    ...(domains.length === 0 ? [] : [`the domains ${domains.map(quoted).join(', ')}`]),
    ...(file === undefined ? [] : [`the addresses in the file ${quoted(file)}`]),
  ]
  const was = who.length === 0 ? 'said elsewhere: there are no email_domains here' : who.join(' and ')
  notes.add(
    'decide',
    'POSTERN_ALLOWED_EMAIL',
    `who may pass? It was ${was}, and a claim can only equal a value. List the addresses in claims of the routes, or ask for a group or another claim instead${alternatives(input, domains)}`,
  )
  return { [claimNames(settings).email]: [variable('POSTERN_ALLOWED_EMAIL')], ...verified(settings) }
}

/** What else says a domain. */
function alternatives({ settings, preset }: Input, domains: readonly string[]): string {
  const isAsked = preset !== undefined || isOnlyAsked(settings)
  const query = `the proxy may also ask auth?allowed_email_domains=${domains.filter((name) => /^[\w.-]+$/.test(name)).join(',')} and the routes say access: authenticated`
  return [
    ...(providerName(settings) === 'google' ? ['. At Google, hd is the domain of the Workspace'] : []),
    ...(isAsked && domains.length > 0 ? [`. Or ${query}; only while every check says so`] : []),
  ].join('')
}

/** Providers without OpenID Connect do not say whether an address is verified. */
function verified(settings: Settings): Branch {
  const isPlain = providerNamed(providerName(settings))?.endpoints !== undefined
  return isPlain || isOn(settings, 'insecure-oidc-allow-unverified-email') ? {} : { email_verified: [true] }
}

/** Where groups and projects are that oauth2-proxy asks an interface of the provider for. */
const elsewhere = ['google-group', 'gitlab-project']

function groupClaims(input: Input): Branch {
  const { settings, notes } = input
  const groups = groupsIn(settings)
  const asked = elsewhere.filter((flag) => listOf(settings, flag).length > 0)
  if (groups.length === 0) return asked.length === 0 ? {} : undecidedGroup(input, asked)
  if (!hasGroups(settings)) return undecidedGroup(input, ['allowed-group', ...asked])
  if (asked.length > 0)
    notes.add(
      'changed',
      asked.map(keyOf).join(', '),
      'only the allowed groups pass now; nothing else is asked for',
    )
  if (listOf(settings, 'allowed-role').length > 0)
    notes.add(
      'changed',
      'allowed_groups',
      'one of the groups and one of the roles are needed now; oauth2-proxy was content with either',
    )
  return { [claimNames(settings).groups]: groups }
}

/** The groups that are in the claims. */
function groupsIn(settings: Settings): readonly string[] {
  const name = providerName(settings)
  const groups = [
    ...listOf(settings, 'allowed-group'),
    ...(name.startsWith('keycloak') ? listOf(settings, 'keycloak-group') : []),
    ...(name === 'gitlab' ? listOf(settings, 'gitlab-group') : []),
  ]
  return [...new Set(groups)]
}

function undecidedGroup({ settings, notes }: Input, flags: readonly string[]): Branch {
  const said = flags.map((flag) => `${keyOf(flag)} ${listOf(settings, flag).map(quoted).join(', ')}`)
  notes.add(
    'decide',
    'POSTERN_ALLOWED_GROUP',
    `who may pass? It was ${said.join(' or ')}, which no claim of this provider tells. Ask for another claim, or list the addresses`,
  )
  return { [claimNames(settings).groups]: [variable('POSTERN_ALLOWED_GROUP')] }
}

/** Google and providers without OpenID Connect have no groups in their claims. */
function hasGroups(settings: Settings): boolean {
  const name = providerName(settings)
  const { endpoints, userinfo } = providerNamed(name) ?? {}
  return name !== 'google' && (endpoints === undefined || userinfo?.['groups'] !== undefined)
}

/** Roles of Keycloak: `role` of the realm, `client:role` of a client. */
function roleClaims({ settings, notes }: Input): Branch {
  const roles = listOf(settings, 'allowed-role')
  if (roles.length === 0) return {}
  if (!providerName(settings).startsWith('keycloak')) return { [claimNames(settings).roles]: roles }
  const byClaim = new Map<string, string[]>()
  for (const role of roles) {
    const [, client, name] = /^([^:]+):(.+)$/.exec(role) ?? []
    const claim = client === undefined ? 'realm_access.roles' : `resource_access.${client}.roles`
    byClaim.set(claim, [...(byClaim.get(claim) ?? []), name ?? role])
  }
  if (byClaim.size > 1)
    notes.add(
      'changed',
      'allowed_roles',
      'a role of the realm and one of each client are needed now; oauth2-proxy was content with any of them',
    )
  return Object.fromEntries(byClaim)
}

const accountConditions = [
  'github-org',
  'github-team',
  'github-repo',
  'bitbucket-team',
  'bitbucket-repository',
]

/** Organisations, teams and repositories are not asked for; accounts and tenants can be named. */
function accountClaims(input: Input): Branch {
  const { settings, notes } = input
  const written = accountConditions.filter((flag) => textOf(settings, flag) !== undefined)
  const users = listOf(settings, 'github-user')
  const tenants = listOf(settings, 'entra-id-allowed-tenant')
  const inTenant = tenants.length === 0 ? {} : { tid: tenants }
  if (users.length === 0) return { ...inTenant, ...undecidedAccount(input, written) }
  if (written.length > 0)
    notes.add(
      'changed',
      'github_users',
      `only these accounts pass now; the members of ${written.map(keyOf).join(', ')} have to be added to them`,
    )
  return { ...inTenant, preferred_username: users }
}

function undecidedAccount({ settings, notes }: Input, written: readonly string[]): Branch {
  if (written.length === 0) return {}
  const said = written.map((flag) => `${keyOf(flag)} ${quoted(textOf(settings, flag) as string)}`)
  notes.add(
    'decide',
    'POSTERN_ALLOWED_USER',
    `who may pass? It was ${said.join(' and ')}, which Postern does not ask for. List the accounts in claims of the routes`,
  )
  return { preferred_username: [variable('POSTERN_ALLOWED_USER')] }
}
