import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import Provider, { type OidcContext } from 'oidc-provider'
import * as client from 'openid-client'
import type { Test } from 'tap'
import { createBrowser } from './browser.ts'
import { interact } from './provider-pages.ts'
import { users } from './users.ts'

/** A real authorization server that issues access tokens for APIs, and clients that get them there. */
export type AuthorizationServer = Readonly<{
  issuer: string
  /** Who may ask the introspection endpoint. */
  introspector: Readonly<{ id: string; secret: string }>
  /** A public client with this redirect URI, which nothing listens to. */
  publicClient: Readonly<{ id: string; redirectUri: string }>
  /** Paths of all requests so far. */
  requests: string[]
  /** Signs a user in at the public client and gives its tokens for a resource. */
  signIn: (user: string, wish: TokenWish) => Promise<client.TokenEndpointResponse>
  /** A token for a client alone. */
  clientToken: (wish: TokenWish) => Promise<string>
  revoke: (token: string) => Promise<void>
  stop: () => Promise<void>
}>

export type TokenWish = Readonly<{ resource: string; scope?: string }>

export type AuthorizationServerOptions = Readonly<{
  /** The format of the access tokens for each resource. */
  resources: Readonly<Record<string, 'jwt' | 'opaque'>>
  signature?: 'RS256' | 'ES256'
  /** Seconds. */
  accessTokenTtl?: number
}>

const scopes = ['api.read', 'api.write', 'orders:read', 'admin']
const redirectUri = 'https://client.example.com/done'
const machine = { id: 'machine', secret: 'the secret of a client that is a machine' }
const introspector = { id: 'introspector', secret: 'the secret of who may introspect' }

/** Starts it on loopback. */
export async function startAuthorizationServer(
  t: Test,
  options: AuthorizationServerOptions,
): Promise<AuthorizationServer> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, await configurationOf(options))
  const answer = provider.callback()
  const requests: string[] = []
  server.on('request', (request, response) => {
    requests.push(request.url as string)
    const isInteraction = request.url?.startsWith('/interaction/')
    void (isInteraction ? interact(provider, users, request, response) : answer(request, response))
  })
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  t.teardown(stop)
  const configure = (id: string, secret?: string) =>
    client.discovery(
      new URL(issuer),
      id,
      undefined,
      secret === undefined ? client.None() : client.ClientSecretBasic(secret),
      { execute: [client.allowInsecureRequests] },
    )

  return {
    issuer,
    introspector,
    publicClient: { id: 'app', redirectUri },
    requests,
    async signIn(user, { resource, scope = 'openid api.read' }) {
      const configuration = await configure('app')
      const pkceCodeVerifier = client.randomPKCECodeVerifier()
      const address = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope,
        resource,
        login_hint: user,
        code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
      })
      const last = await createBrowser().navigate(address.href, { stopAt: redirectUri })
      const callback = new URL(last.headers.location as string)
      return client.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier }, { resource })
    },
    async clientToken({ resource, scope = 'api.read' }) {
      const configuration = await configure(machine.id, machine.secret)
      const { access_token: token } = await client.clientCredentialsGrant(configuration, { resource, scope })
      return token
    },
    async revoke(token) {
      await client.tokenRevocation(await configure(machine.id, machine.secret), token)
    },
    stop,
  }
}

async function configurationOf(options: AuthorizationServerOptions): Promise<object> {
  const { resources, signature = 'RS256', accessTokenTtl = 3600 } = options
  const { privateKey } = await generateKeyPair(signature, { extractable: true })
  const key = { ...(await exportJWK(privateKey)), alg: signature, use: 'sig', kid: 'api' }
  return {
    jwks: { keys: [key, ...(signature === 'RS256' ? [] : [await idTokenKey()])] },
    clients: [
      {
        client_id: machine.id,
        client_secret: machine.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: introspector.id,
        client_secret: introspector.secret,
        grant_types: [],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: 'app',
        token_endpoint_auth_method: 'none',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    scopes: ['openid', 'offline_access', ...scopes],
    claims: { openid: ['sub', 'email', 'groups'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['a key for the cookies of the test server'] },
    pkce: { required: () => true },
    ttl: { AccessToken: accessTokenTtl, ClientCredentials: accessTokenTtl },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx: unknown, resource: string) => ({
          scope: scopes.join(' '),
          audience: resource,
          accessTokenFormat: resources[resource] ?? 'jwt',
          accessTokenTTL: accessTokenTtl,
          jwt: { sign: { alg: signature } },
        }),
      },
    },
    extraTokenClaims: (_ctx: unknown, { accountId }: { accountId?: string }) =>
      accountId === undefined ? {} : claimsOf(accountId),
    interactions: { url: (_ctx: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    issueRefreshToken: () => true,
    findAccount: (_ctx: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, ...claimsOf(id) }),
    }),
    loadExistingGrant: grantEverything(resources),
  }
}

function claimsOf(id: string) {
  const { email, groups } = users[id]?.claims ?? {}
  return { email, groups }
}

async function idTokenKey(): Promise<object> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'id' }
}

function grantEverything(resources: AuthorizationServerOptions['resources']) {
  return async ({ oidc }: OidcContext & { oidc: { provider: Provider } }) => {
    const { client, session, provider } = oidc
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
    grant.addOIDCScope(`openid offline_access ${scopes.join(' ')}`)
    for (const resource of Object.keys(resources)) grant.addResourceScope(resource, scopes.join(' '))
    await grant.save()
    return grant
  }
}
