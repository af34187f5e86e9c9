import { scope } from '../config/schema-provider.ts'
import { signatureAlgorithms } from '../config/signature-algorithms.ts'
import { endpoint, isExposed, issuer as issuerUrl } from '../config/web-url.ts'
import { providerName } from './claim-names.ts'
import type { Input } from './input.ts'
import { isLine, quoted } from './notes.ts'
import { keyOf } from './option-names.ts'
import { type ProviderKind, providerNamed } from './providers.ts'
import { isOn, isUnusual, listOf, type Settings, textOf } from './settings.ts'
import { type Branch, type Tree, unlessEmpty, variable } from './tree.ts'

/** The `provider` section. */
export function translateProvider(input: Input): Branch {
  const { settings, notes } = input
  const name = providerName(settings)
  const kind = providerNamed(name)
  if (kind === undefined)
    notes.add(
      'changed',
      'provider',
      `${quoted(name)} is taken for an OpenID provider, since it is not known here`,
    )
  if (kind?.says !== undefined) notes.add('changed', 'provider', `with ${quoted(name)}: ${kind.says}`)
  const where = kind?.endpoints === undefined ? { issuer: issuerOf(input) } : endpointsOf(input, kind)
  return {
    ...where,
    ...clientOf(input),
    scopes: scopesOf(input, kind),
    authorization_params: unlessEmpty(paramsOf(settings, kind)),
    claims_from: claimSources(settings),
    userinfo: kind?.userinfo,
    id_token_algorithms: algorithmsOf(input),
    tls: authoritiesOf(input),
    dangerously_allow_http: exposure(input, where),
  }
}

/** The issuer, as far as the configuration tells one that Postern can verify. */
export function issuerOf(input: Input): Tree {
  const { settings, notes } = input
  const known = textOf(settings, 'oidc-issuer-url') ?? issuerByName(settings)
  const tenants = listOf(settings, 'entra-id-allowed-tenant')
  const single =
    known !== undefined && isMultiTenant(known) && tenants.length === 1
      ? `https://login.microsoftonline.com/${tenants[0]}/v2.0`
      : known
  if (single !== undefined && issuerUrl.safeParse(single).success && !isMultiTenant(single)) return single
  notes.add(
    'decide',
    'POSTERN_ISSUER',
    tenants.length > 1 || (single !== undefined && isMultiTenant(single))
      ? 'the issuer of one tenant, like https://login.microsoftonline.com/TENANT/v2.0: tokens of several tenants have no common issuer'
      : 'the issuer, exactly as the provider names itself; there is no usable oidc_issuer_url here',
  )
  return variable('POSTERN_ISSUER')
}

function isMultiTenant(issuer: string): boolean {
  return /^https:\/\/login\.microsoftonline\.com\/(?:common|organizations|consumers)(?:\/|$)/i.test(issuer)
}

function issuerByName(settings: Settings): string | undefined {
  const name = providerName(settings)
  if (name === 'azure')
    return `https://login.microsoftonline.com/${textOf(settings, 'azure-tenant') ?? 'common'}/v2.0`
  const [realm] =
    /^https?:\/\/.+\/realms\/[^/]+(?=\/protocol\/)/.exec(textOf(settings, 'login-url') ?? '') ?? []
  return providerNamed(name)?.issuer ?? realm
}

/** The endpoints of a provider without OpenID Connect; what is written goes before what is known. */
function endpointsOf(input: Input, { endpoints = {} }: ProviderKind): Branch {
  const { settings } = input
  return {
    endpoints: {
      authorization: endpointOf(
        input,
        'POSTERN_AUTHORIZATION_URL',
        textOf(settings, 'login-url') ?? endpoints.authorization,
      ),
      token: endpointOf(input, 'POSTERN_TOKEN_URL', textOf(settings, 'redeem-url') ?? endpoints.token),
      userinfo: endpointOf(input, 'POSTERN_USERINFO_URL', userinfoUrl(settings) ?? endpoints.userinfo),
    },
  }
}

/** GitHub names the root of its interface, Nextcloud the document itself. */
function userinfoUrl(settings: Settings): string | undefined {
  const validate = textOf(settings, 'validate-url')
  const isRoot = providerName(settings) === 'github' && validate !== undefined
  return textOf(settings, 'profile-url') ?? (isRoot ? `${validate.replace(/\/$/, '')}/user` : validate)
}

function endpointOf({ notes }: Input, name: string, url: string | undefined): Tree {
  if (url !== undefined && endpoint.safeParse(url).success) return url
  notes.add('decide', name, 'this address of the provider; the configuration has none that can be used')
  return variable(name)
}

/** The client id, as it is at the provider and in its tokens. */
export function clientId({ settings, notes }: Input): Tree {
  const id = textOf(settings, 'client-id')
  if (id !== undefined && isLine(id)) return id
  notes.add('decide', 'POSTERN_CLIENT_ID', 'the client id; it is not said here')
  return variable('POSTERN_CLIENT_ID')
}

function clientOf(input: Input): Branch {
  const { settings, notes } = input
  const client = { client_id: clientId(input) }
  if (providerName(settings) === 'login.gov') return { ...client, ...signingClient(input) }
  const file = textOf(settings, 'client-secret-file')
  if (file !== undefined && textOf(settings, 'client-secret') === undefined)
    return { ...client, client_secret_file: file }
  notes.add('set', 'POSTERN_CLIENT_SECRET', 'the client secret, which is not copied')
  return { ...client, client_secret: variable('POSTERN_CLIENT_SECRET') }
}

function signingClient({ settings, notes }: Input): Branch {
  const file = textOf(settings, 'jwt-key-file')
  if (file === undefined)
    notes.add(
      'set',
      'POSTERN_CLIENT_KEY_FILE',
      'the path of a file with the private key, which is not copied',
    )
  return { client_auth: 'private_key_jwt', client_key_file: file ?? variable('POSTERN_CLIENT_KEY_FILE') }
}

function scopesOf({ settings, notes }: Input, kind: ProviderKind | undefined): readonly string[] | undefined {
  const written = (textOf(settings, 'scope') ?? '').split(/[\s+,]+/).filter((text) => text !== '')
  const good = [...new Set(written)].filter((text) => scope.safeParse(text).success)
  const isOpenId = kind?.endpoints === undefined
  if (good.length === 0) return defaultScopes(settings, kind)
  if (isOpenId && !good.includes('offline_access') && kind?.scopes === undefined)
    notes.add(
      'changed',
      'scope',
      'a session ends with its access token unless there is a refresh token; most providers give one for the scope offline_access',
    )
  return isOpenId && !good.includes('openid') ? ['openid', ...good] : good
}

/** With groups to look at, oauth2-proxy asks an OpenID provider for the scope of that name. */
function defaultScopes(settings: Settings, kind: ProviderKind | undefined): readonly string[] | undefined {
  const asksForGroups = providerName(settings) === 'oidc' && listOf(settings, 'allowed-group').length > 0
  return asksForGroups ? ['openid', 'profile', 'email', 'offline_access', 'groups'] : kind?.scopes
}

function paramsOf(settings: Settings, kind: ProviderKind | undefined): Branch {
  const isForced = textOf(settings, 'approval-prompt') !== 'auto'
  const { prompt, ...params } = kind?.params ?? {}
  return {
    ...params,
    prompt: textOf(settings, 'prompt') ?? (isForced ? prompt : undefined),
    acr_values: textOf(settings, 'acr-values'),
    resource: textOf(settings, 'resource'),
  }
}

function claimSources(settings: Settings): readonly string[] | undefined {
  const skips = isOn(settings, 'skip-claims-from-profile-url')
  const hasRoles =
    providerName(settings).startsWith('keycloak') && listOf(settings, 'allowed-role').length > 0
  if (!skips && !hasRoles) return undefined
  return ['id_token', ...(skips ? [] : ['userinfo']), ...(hasRoles ? ['access_token'] : [])]
}

function algorithmsOf({ settings, notes }: Input): readonly string[] | undefined {
  const flag = 'oidc-enabled-signing-alg'
  const written = listOf(settings, flag)
  const good = written.filter((name) => signatureAlgorithms.some((known) => known === name))
  if (good.length < written.length)
    notes.add('lacking', keyOf(flag), 'of these, only asymmetric ones are kept')
  return good.length === 0 ? undefined : good
}

function authoritiesOf({ settings, notes }: Input): Branch | undefined {
  const [first, ...more] = listOf(settings, 'provider-ca-file')
  if (more.length > 0)
    notes.add(
      'changed',
      keyOf('provider-ca-file'),
      'only the first file is named; put all certificates into it',
    )
  return first === undefined ? undefined : { ca_file: first }
}

/** What was unencrypted before is so again, and said. */
function exposure({ settings, notes }: Input, where: Branch): boolean | undefined {
  const urls = [where['issuer'], ...Object.values((where['endpoints'] ?? {}) as Branch)]
  if (!urls.some((url) => typeof url === 'string' && isExposed(url))) return undefined
  const about = isUnusual(settings, 'oidc-issuer-url') ? 'oidc_issuer_url' : 'login_url'
  notes.add(
    'changed',
    about,
    'is not encrypted, as before: whoever is on the network can take over sessions. Only for tests; take provider.dangerously_allow_http out',
  )
  return true
}
