import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { Test } from 'tap'

/** How an endpoint misbehaves instead of answering. */
export type Misdeed =
  /** Reads the request and never answers. */
  | 'hang'
  /** Reads the request and closes the connection. */
  | 'drop'
  /** Sends one byte now and then, for ever. */
  | 'drip'
  /** Sends more than anybody should read, without an end. */
  | 'flood'
  | { status: number; headers?: Record<string, string>; body?: string | object }

/** undefined: the decent answer. Resolve late to be slow. */
type Answer = Misdeed | undefined

/** `end_session` is there, but the discovery document names it only when a deviation does. */
export type Endpoint = 'discovery' | 'jwks' | 'authorize' | 'token' | 'userinfo' | 'revoke' | 'end_session'

export type HostileRequest = Readonly<{
  endpoint: string
  method: string
  url: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  parameters: Readonly<Record<string, string>>
}>

export type IdTokenParts = { header: Record<string, unknown>; claims: Record<string, unknown> }

/** What deviates; may be changed at any time. Without deviations the provider is a decent one. */
export type Deviations = {
  /** Members of the discovery document; undefined removes one. */
  discovery?: Record<string, unknown>
  /** In place of the published keys. */
  keys?: readonly unknown[]
  answer?: Partial<Record<Endpoint, Misdeed | ((request: HostileRequest) => Answer | Promise<Answer>)>>
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  /** Makes the ID token; default: signed with the published key. */
  sign?: (parts: IdTokenParts) => Promise<string> | string
  /** Members of the token answer; undefined removes one. */
  token?: Record<string, unknown>
  userinfo?: unknown
  /** Refresh tokens: reusable, usable once, or usable once and a second use ends all that came of the login. */
  rotation: 'none' | 'once' | 'family'
  /** Seconds. */
  accessTokenTtl: number
}

export type HostileProvider = Readonly<{
  issuer: string
  clientId: string
  clientSecret: string
  deviations: Deviations
  requests: HostileRequest[]
  /** How many requests an endpoint got. */
  count: (endpoint: Endpoint) => number
  privateKey: CryptoKey
  publicJwk: JWK
  /** Signs as the provider does. */
  sign: (parts: IdTokenParts, key?: CryptoKey | Uint8Array) => Promise<string>
  /** A callback as it would come back from the authorization endpoint, without a browser. */
  callback: (
    redirectUri: string,
    login: { state: string; nonce: string },
    extra?: Record<string, string>,
  ) => URL
  close: () => Promise<void>
}>

type Login = { nonce: string; family: string }

const es256 = generateKeyPair('ES256', { extractable: true })

/** Starts a provider of our own that answers well unless told to deviate; alice is always signed in there. */
export async function startHostileProvider(t: Test): Promise<HostileProvider> {
  const { privateKey, publicKey } = await es256
  const publicJwk = { ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig', kid: 'good' }
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clientId = 'postern'
  const deviations: Deviations = { rotation: 'once', accessTokenTtl: 300 }
  const requests: HostileRequest[] = []
  const codes = new Map<string, Login>()
  const refreshTokens = new Map<string, Login & { isSpent: boolean }>()

  const sign: HostileProvider['sign'] = ({ header, claims }, key = privateKey) =>
    new SignJWT(claims).setProtectedHeader(header as never).sign(key)

  function discovery(): object {
    return {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      userinfo_endpoint: `${issuer}/userinfo`,
      revocation_endpoint: `${issuer}/revoke`,
      id_token_signing_alg_values_supported: ['ES256'],
      ...deviations.discovery,
    }
  }

  const signedInAt = Math.floor(Date.now() / 1000)

  async function idToken(login: Login, accessToken: string): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const half = createHash('sha256').update(accessToken).digest().subarray(0, 16)
    const claims = {
      iss: issuer,
      sub: 'alice',
      aud: clientId,
      iat: now,
      exp: now + 300,
      auth_time: signedInAt,
      nonce: login.nonce,
      at_hash: half.toString('base64url'),
      ...deviations.claims,
    }
    const parts = { header: { alg: 'ES256', kid: 'good', ...deviations.header }, claims }
    return deviations.sign === undefined ? sign(parts) : deviations.sign(parts)
  }

  async function tokens(login: Login, isRefresh: boolean): Promise<object> {
    const accessToken = random()
    const isRotated = !isRefresh || deviations.rotation !== 'none'
    const refreshToken = isRotated ? random() : undefined
    if (refreshToken) refreshTokens.set(refreshToken, { ...login, isSpent: false })
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: deviations.accessTokenTtl,
      scope: 'openid profile',
      refresh_token: refreshToken,
      id_token: await idToken(login, accessToken),
      ...deviations.token,
    }
  }

  async function redeem(parameters: Readonly<Record<string, string>>): Promise<Misdeed> {
    const { grant_type: grantType, code = '', refresh_token: refreshToken = '' } = parameters
    const refused = { status: 400, body: { error: 'invalid_grant' } }
    if (grantType === 'authorization_code') {
      const login = codes.get(code)
      codes.delete(code)
      return login ? { status: 200, body: await tokens(login, false) } : refused
    }
    const kept = refreshTokens.get(refreshToken)
    if (kept === undefined) return refused
    if (kept.isSpent) {
      for (const [token, { family }] of refreshTokens) {
        if (deviations.rotation === 'family' && family === kept.family) refreshTokens.delete(token)
      }
      return refused
    }
    kept.isSpent = deviations.rotation !== 'none'
    return { status: 200, body: await tokens(kept, true) }
  }

  function newCode(nonce: string): string {
    const code = random()
    codes.set(code, { nonce, family: random() })
    return code
  }

  function authorize({ parameters }: HostileRequest): Misdeed {
    const { redirect_uri: redirectUri = '', state = '', nonce = '' } = parameters
    const location = new URL(redirectUri)
    location.search = new URLSearchParams({ code: newCode(nonce), state }).toString()
    return { status: 302, headers: { location: location.href } }
  }

  const endpoints: Record<Endpoint, (request: HostileRequest) => Misdeed | Promise<Misdeed>> = {
    discovery: () => ({ status: 200, body: discovery() }),
    jwks: () => ({ status: 200, body: { keys: deviations.keys ?? [publicJwk] } }),
    authorize,
    token: ({ parameters }) => redeem(parameters),
    userinfo: () => ({
      status: 200,
      body: (deviations.userinfo ?? { sub: 'alice', email: 'alice@example.com' }) as object,
    }),
    revoke: () => ({ status: 200 }),
    end_session: ({ parameters }) => {
      const { post_logout_redirect_uri: back = '', state } = parameters
      const location = new URL(back)
      if (state !== undefined) location.searchParams.set('state', state)
      return { status: 302, headers: { location: location.href } }
    },
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url as string, issuer)
    const name = url.pathname.startsWith('/.well-known/') ? 'discovery' : url.pathname.slice(1)
    const seen: HostileRequest = {
      endpoint: name,
      method: request.method as string,
      url: request.url as string,
      headers: request.headers,
      parameters: Object.fromEntries(
        request.method === 'POST' ? new URLSearchParams(await read(request)) : url.searchParams,
      ),
    }
    requests.push(seen)
    const endpoint = name as Endpoint
    if (!Object.hasOwn(endpoints, endpoint)) return commit({ status: 404 }, response)
    const planned = deviations.answer?.[endpoint]
    const misdeed = typeof planned === 'function' ? await planned(seen) : planned
    commit(misdeed ?? (await endpoints[endpoint](seen)), response)
  }

  server.on('request', (request, response) => {
    handle(request, response).catch((error: Error) => response.writeHead(500).end(error.message))
  })
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  t.teardown(close)
  return {
    issuer,
    clientId,
    clientSecret: 'a secret of the hostile provider',
    deviations,
    requests,
    count: (endpoint) => requests.filter((request) => request.endpoint === endpoint).length,
    privateKey,
    publicJwk,
    sign,
    callback(redirectUri, login, extra = {}) {
      const url = new URL(redirectUri)
      url.search = new URLSearchParams({
        code: newCode(login.nonce),
        state: login.state,
        ...extra,
      }).toString()
      return url
    },
    close,
  }
}

function commit(misdeed: Misdeed, response: ServerResponse): void {
  if (misdeed === 'hang') return
  if (misdeed === 'drop') {
    response.socket?.destroy()
    return
  }
  if (typeof misdeed === 'string') {
    pour(response, misdeed === 'drip' ? ' ' : ' '.repeat(65_536))
    return
  }
  const { status, headers, body = '' } = misdeed
  const isText = typeof body === 'string'
  response.writeHead(status, { ...(!isText && { 'content-type': 'application/json' }), ...headers })
  response.end(isText ? body : JSON.stringify(body))
}

/** Sends the same piece again and again until the reader goes away. */
function pour(response: ServerResponse, piece: string): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  const timer = setInterval(() => response.write(piece), 5)
  response.on('close', () => clearInterval(timer))
}

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

function random(): string {
  return randomBytes(24).toString('base64url')
}
