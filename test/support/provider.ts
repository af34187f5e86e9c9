import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JSONWebKeySet } from 'jose'
import Provider, { interactionPolicy, type OidcContext } from 'oidc-provider'
import type { Test } from 'tap'
import { interact, readBody, renderLoggedOut, renderLogout } from './provider-pages.ts'
import { type User, users } from './users.ts'

export type { User } from './users.ts'

export type RecordedRequest = Readonly<{
  path: string
  parameters: Readonly<Record<string, string | undefined>>
  authorization: string | undefined
  /** Milliseconds since the epoch, when the request came. */
  at: number
  status: number
}>

/** What a test may put in place of the provider's own answer; 'drop' cuts the connection, with or without processing first. */
export type Substitute =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | 'drop'
  | 'drop-processed'

/** May be changed at any time while the provider runs. */
export type Behaviour = {
  rotateRefreshTokens: boolean
  omitRefreshToken: boolean
  /** Sign-ins from now on took place so many seconds ago. */
  signedInAgo?: number
  /** Called with each token, revocation and UserInfo request; resolve late to be slow, with undefined to answer normally. */
  respond?:
    | ((
        path: string,
        parameters: Record<string, string>,
      ) => Promise<Substitute | undefined> | Substitute | undefined)
    | undefined
}

export type ProviderOptions = Readonly<{
  redirectUris?: readonly string[]
  postLogoutRedirectUris?: readonly string[]
  users?: Readonly<Record<string, User>>
  clientAuth?: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none'
  clientSecret?: string
  /** Public keys of the client, for private_key_jwt. */
  clientKeys?: JSONWebKeySet
  /** Seconds. */
  accessTokenTtl?: number
  idTokenTtl?: number
  /** Access tokens are JWTs for this audience; such tokens cannot be used at the UserInfo endpoint. */
  jwtAudience?: string
  /** Authentication contexts that clients may ask for, and the one that a sign-in of a user comes to. */
  acr?: Readonly<{ values: readonly string[]; of: AcrOf }>
}>

/** The context that a sign-in comes to when these are asked for. */
export type AcrOf = (user: string, wanted: readonly string[]) => string | undefined

export type TestProvider = Readonly<{
  issuer: string
  clientId: string
  clientSecret: string
  users: Readonly<Record<string, User>>
  /** May be added to at any time. */
  redirectUris: Set<string>
  postLogoutRedirectUris: Set<string>
  behaviour: Behaviour
  tokenRequests: RecordedRequest[]
  revocations: RecordedRequest[]
  userinfoRequests: RecordedRequest[]
  /** Stops listening, as a provider that is down; `restart` takes the same port again. */
  stop: () => Promise<void>
  restart: () => Promise<void>
  close: () => Promise<void>
}>

const signingKeys = generateKeyPair('RS256', { extractable: true }).then(async ({ privateKey }) => ({
  keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'test' }],
}))

const everyScope = ['api.read', 'api.write', 'orders:read', 'orders:write', 'admin']
const plainScopes = ['openid', 'offline_access', 'profile', 'email']

/**
 * Starts a real OpenID provider on loopback. Refresh tokens rotate, and one that is used twice destroys its grant.
 * Its sign-in page has a button for each user; an authorization request with `login_hint=alice` signs alice in at once.
 */
export async function startProvider(t: Test, options: ProviderOptions = {}): Promise<TestProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`
  const state = {
    issuer,
    clientId: 'postern',
    clientSecret: options.clientSecret ?? 'a test secret of some length: %+&=~',
    users: options.users ?? users,
    redirectUris: new Set(options.redirectUris),
    postLogoutRedirectUris: new Set(options.postLogoutRedirectUris),
    behaviour: { rotateRefreshTokens: true, omitRefreshToken: false } as Behaviour,
    tokenRequests: [] as RecordedRequest[],
    revocations: [] as RecordedRequest[],
    userinfoRequests: [] as RecordedRequest[],
  }
  const provider = new Provider(issuer, configurationOf(options, state, await signingKeys))
  allowRedirects(provider, state)
  provider.use((ctx, next) => intercept(ctx, next, state))
  const callback = provider.callback()
  server.on('request', (request, response) => {
    const handled = request.url?.startsWith('/interaction/')
      ? interact(provider, state.users, request, response, (user, wanted) => ({
          acr: options.acr?.of(user, wanted),
          ts: Math.floor(Date.now() / 1000) - (state.behaviour.signedInAgo ?? 0),
        }))
      : callback(request, response)
    handled.catch((error: Error) => response.writeHead(500).end(error.message))
  })
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  const restart = () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(stop)
  return { ...state, stop, restart, close: stop }
}

type State = Pick<
  TestProvider,
  | 'clientId'
  | 'clientSecret'
  | 'users'
  | 'redirectUris'
  | 'postLogoutRedirectUris'
  | 'behaviour'
  | 'tokenRequests'
  | 'revocations'
  | 'userinfoRequests'
>

function configurationOf(options: ProviderOptions, state: State, jwks: object): Record<string, unknown> {
  const { clientAuth = 'client_secret_basic', accessTokenTtl = 3600, jwtAudience } = options
  const resourceIndicators = {
    enabled: jwtAudience !== undefined,
    defaultResource: () => jwtAudience,
    useGrantedResource: () => true,
    getResourceServerInfo: () => ({
      scope: everyScope.join(' '),
      audience: jwtAudience,
      accessTokenFormat: 'jwt',
      accessTokenTTL: accessTokenTtl,
    }),
  }
  return {
    jwks,
    clients: [
      {
        client_id: state.clientId,
        ...(clientAuth.startsWith('client_secret') && { client_secret: state.clientSecret }),
        ...(options.clientKeys && { jwks: options.clientKeys }),
        token_endpoint_auth_method: clientAuth,
        redirect_uris: ['https://never.used.example/'],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    scopes: [...plainScopes, ...everyScope],
    claims: {
      openid: ['sub', 'groups', 'preferred_username'],
      profile: ['name'],
      email: ['email', 'email_verified'],
    },
    conformIdTokenClaims: false,
    cookies: { keys: ['a key for the cookies of the test provider'] },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators,
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: renderLogout,
        postLogoutSuccessSource: renderLoggedOut,
      },
    },
    interactions: {
      url: (_ctx: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}`,
      policy: policyWithAcr(),
    },
    acrValues: options.acr?.values ?? [],
    pkce: { required: () => true },
    ttl: {
      AccessToken: accessTokenTtl,
      AuthorizationCode: 60,
      IdToken: options.idTokenTtl ?? 3600,
      RefreshToken: 86_400,
      Grant: 86_400,
      Session: 86_400,
      Interaction: 600,
    },
    rotateRefreshToken: () => state.behaviour.rotateRefreshTokens,
    expiresWithSession: () => false,
    issueRefreshToken: () => !state.behaviour.omitRefreshToken,
    findAccount: (_ctx: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, ...state.users[id]?.claims }),
    }),
    loadExistingGrant: (ctx: OidcContext & { oidc: { provider: Provider } }) =>
      grantFor(ctx, state, jwtAudience),
  }
}

/** Asks people to sign in again for `acr_values` that their last sign-in does not meet; once, whatever comes of it. */
function policyWithAcr(): object {
  const policy = interactionPolicy.base()
  const check = new interactionPolicy.Check('acr', 'another context is asked for', ({ oidc }) => {
    const wanted = oidc.params['acr_values']?.split(' ') ?? [oidc.session.acr]
    return oidc.result?.login === undefined && !wanted.includes(oidc.session.acr)
  })
  policy.get('login').checks.add(check)
  return policy
}

/** Grants what the user may have of what was asked, without a consent page; the rest is refused silently. */
async function grantFor(
  ctx: OidcContext & { oidc: { provider: Provider } },
  state: State,
  audience: string | undefined,
): Promise<unknown> {
  const { client, session, requestParamScopes, provider } = ctx.oidc
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
  const allowed = new Set([...plainScopes, ...(state.users[session.accountId]?.scopes ?? [])])
  for (const scope of requestParamScopes) {
    if (allowed.has(scope)) grant.addOIDCScope(scope)
    else grant.rejectOIDCScope(scope)
    if (audience === undefined) continue
    if (allowed.has(scope)) grant.addResourceScope(audience, scope)
    else grant.rejectResourceScope(audience, scope)
  }
  await grant.save()
  return grant
}

function allowRedirects(provider: Provider, state: State): void {
  const { prototype } = (provider as unknown as { Client: { prototype: Record<string, unknown> } }).Client
  prototype['redirectUriAllowed'] = (uri: string) => state.redirectUris.has(uri)
  prototype['postLogoutRedirectUriAllowed'] = (uri: string) => state.postLogoutRedirectUris.has(uri)
}

/** Records what comes to the token, revocation and UserInfo endpoints, and lets the test answer in the provider's place. */
async function intercept(ctx: OidcContext, next: () => Promise<void>, state: State): Promise<void> {
  const lists: Record<string, RecordedRequest[]> = {
    '/token': state.tokenRequests,
    '/token/revocation': state.revocations,
    '/me': state.userinfoRequests,
  }
  const list = lists[ctx.path]
  if (list === undefined) return next()
  const at = Date.now()
  const index = list.length
  const note = (parameters: RecordedRequest['parameters'], status: number) => {
    list[index] = { path: ctx.path, parameters, authorization: ctx.req.headers.authorization, at, status }
  }
  note({}, 0)
  const substitute = state.behaviour.respond && (await askTest(ctx, state.behaviour.respond))
  if (substitute === undefined || substitute === 'drop-processed') await next()
  const body = ctx.oidc?.body ?? (ctx.req as { body?: string }).body
  note(typeof body === 'string' ? Object.fromEntries(new URLSearchParams(body)) : (body ?? {}), ctx.status)
  if (substitute === undefined) return
  if (typeof substitute === 'string') {
    ctx.respond = false
    ctx.req.socket.destroy()
    return
  }
  ctx.status = substitute.status
  for (const [name, value] of Object.entries(substitute.headers ?? {})) ctx.set(name, value)
  ctx.body = substitute.body ?? ''
  note(list[index]?.parameters ?? {}, substitute.status)
}

async function askTest(
  ctx: OidcContext,
  respond: NonNullable<Behaviour['respond']>,
): Promise<Substitute | undefined> {
  const body = await readBody(ctx.req)
  // The provider takes a body that was read before from here.
  Object.assign(ctx.req, { body })
  return respond(ctx.path, Object.fromEntries(new URLSearchParams(body)))
}
