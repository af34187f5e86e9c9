import * as client from 'openid-client'
import type { AuthorizationWish } from '../core/authorization-wish.ts'
import { createCount } from '../core/count.ts'
import { PosternError } from '../core/errors.ts'
import type { LoginState } from '../core/login-state.ts'
import type { Grant, Session, Tokens } from '../core/session.ts'
import { withTidyAnswers } from './answers.ts'
import { readCallback } from './callback.ts'
import { createClientAuthentication } from './client-authentication.ts'
import { createDiscovery, type Readiness, realSleep, type Sleep } from './discovery.ts'
import { fetchJsonDocument, isObject } from './json-document.ts'
import type { LoginFlow } from './login-flow.ts'
import { checkMetadata, metadataOfEndpoints, type ProviderMetadata } from './metadata.ts'
import { createOpenIdConnect } from './openid-connect.ts'
import { createPlainOauth } from './plain-oauth.ts'
import type { ProviderConfig, ProviderLog } from './provider-config.ts'
import { isUnsupportedTokenType, type Operation, translate } from './provider-errors.ts'
import { createProviderFetch, type Fetch, type OnAnswer } from './provider-fetch.ts'
import { createSigningKeys } from './signing-keys.ts'
import { readScopes, readTokens } from './tokens.ts'

/** The identity provider as the rest of the gateway knows it. Every rejection is a PosternError without secrets. */
export type Provider = Readonly<{
  /** Begins discovery in the background; never throws. */
  start: () => void
  /** Waits for what was asked for people, then ends background work and open connections. */
  close: () => Promise<void>
  readiness: () => Readiness
  /** Resolves when what must be known of the provider is known; rejects when asking for it failed. */
  ready: () => Promise<void>
  /** Fresh random values of 256 bits each for one login (RFC 7636 section 7.1). */
  newLogin: () => Pick<LoginState, 'state' | 'nonce' | 'codeVerifier'>
  /** The authorization request for a login, with PKCE S256, state and nonce always. POSTERN_PROVIDER_UNREACHABLE while not ready. */
  authorizationUrl: (login: LoginState, redirectUri: string) => Promise<string>
  /**
   * Redeems the code of a callback (redirect_uri with the query that came). Rejects with POSTERN_LOGIN_FAILED,
   * POSTERN_LOGIN_DENIED, POSTERN_CLIENT_REFUSED, POSTERN_PROVIDER_INVALID or POSTERN_PROVIDER_UNREACHABLE.
   */
  exchange: (callbackUrl: URL, login: LoginState) => Promise<Grant>
  /**
   * Gets new tokens for a session. Rejects with POSTERN_GRANT_REFUSED only when the provider said `invalid_grant`, there is no
   * refresh token, or (`isSubjectChange`) the answer was for somebody else; its tokens are revoked then. Else as `exchange`.
   */
  refresh: (session: Session) => Promise<Grant>
  /** Revokes the refresh token, then the access token (RFC 7009); failures are logged, never thrown. */
  revoke: (tokens: Tokens) => Promise<void>
  /** Where RP-initiated logout goes (OpenID Connect RP-Initiated Logout 1.0 section 2), if the provider has it. */
  endSessionUrl: (options: {
    idToken?: string | undefined
    postLogoutRedirectUri: string
    state?: string | undefined
  }) => string | undefined
}>

/** Makes the provider; `clock` gives epoch seconds. Nothing is asked of it before `start` or the first login. */
export function createProvider(options: {
  config: ProviderConfig
  clock: () => number
  log: ProviderLog
  sleep?: Sleep
  fetch?: Fetch
  onAnswer?: OnAnswer
}): Provider {
  const { config, clock, log } = options
  const wire = createProviderFetch({
    ca: config.tls.ca,
    timeoutMs: config.timeout,
    clock,
    onAnswer: options.onAnswer ?? (() => {}),
    fetch: options.fetch,
  })
  const fetchFor = (operation: Operation) =>
    withTidyAnswers(wire.fetchFor(operation), { hasIdToken: config.issuer !== undefined })
  const discovery = createDiscovery({
    load: () => loadMetadata(config, fetchFor('discovery')),
    clock,
    sleep: options.sleep ?? realSleep,
    log,
  })
  const authentication = createClientAuthentication(config)
  const flow = createFlow()
  const underWay = createCount()

  function createFlow(): LoginFlow {
    if (config.issuer === undefined) return createPlainOauth(config)
    const accept = 'application/json, application/jwk-set+json'
    const download = async () =>
      fetchJsonDocument(fetchFor('keys'), (await discovery.get()).jwks_uri as string, accept)
    return createOpenIdConnect({ config, keys: createSigningKeys(download, clock), clock, log })
  }

  /** A configuration for one operation, so that openid-client goes by our clock; to build an address, any will do. */
  function configure(metadata: ProviderMetadata, operation: Operation = 'discovery'): client.Configuration {
    const times = {
      [client.clockSkew]: clock() - Math.floor(Date.now() / 1000),
      [client.clockTolerance]: config.clock_tolerance / 1000,
    }
    const configuration = new client.Configuration(metadata, config.client_id, times, authentication)
    configuration[client.customFetch] = fetchFor(operation) as client.CustomFetch
    // Which addresses may be http has been decided, more strictly, when the metadata was checked.
    client.allowInsecureRequests(configuration)
    return configuration
  }

  /** Of what is asked for a person, as opposed to discovery. */
  function counted<Args extends unknown[], Result>(ask: (...args: Args) => Promise<Result>) {
    return (...args: Args): Promise<Result> => {
      const one = {}
      underWay.begin(one)
      return ask(...args).finally(() => underWay.end(one))
    }
  }

  async function revoke(tokens: Tokens): Promise<void> {
    const revokeOne = async (token: string, hint: string): Promise<void> => {
      const metadata = await discovery.get()
      if (metadata.revocation_endpoint === undefined) return
      await client.tokenRevocation(configure(metadata, 'revocation'), token, { token_type_hint: hint })
    }
    const logFailure = (error: unknown): void => {
      if (isUnsupportedTokenType(error)) return
      const { code, detail } = translate(error, 'revocation')
      log.warn({ code, detail }, 'a token could not be revoked')
    }
    if (tokens.refreshToken !== undefined) {
      await revokeOne(tokens.refreshToken, 'refresh_token').catch(logFailure)
    }
    await revokeOne(tokens.accessToken, 'access_token').catch(logFailure)
  }

  return {
    start: discovery.start,
    async close() {
      // An answer that nobody takes would lose a session: the token it was for is spent.
      await underWay.settled()
      discovery.close()
      await wire.close()
    },
    readiness: discovery.readiness,
    newLogin: () => ({
      state: client.randomState(),
      nonce: client.randomNonce(),
      codeVerifier: client.randomPKCECodeVerifier(),
    }),
    async authorizationUrl(login, redirectUri) {
      const metadata = await discovery.get()
      const parameters = {
        ...config.authorization_params,
        ...wishParameters(login.wish, config.authorization_params),
        response_type: 'code',
        redirect_uri: redirectUri,
        scope: askedScopes(flow, login).join(' '),
        state: login.state,
        nonce: login.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(login.codeVerifier),
        code_challenge_method: 'S256',
      }
      return eachOnce(client.buildAuthorizationUrl(configure(metadata), parameters), {
        ...parameters,
        client_id: config.client_id,
      })
    },
    exchange: counted(async (callbackUrl, login) => {
      const metadata = await discovery.get()
      const callback = readCallback(callbackUrl, login, metadata, flow.hasIssuer)
      return translated('exchange', async () => {
        await flow.prepare()
        const configuration = configure(metadata, 'exchange')
        const answer = await client.authorizationCodeGrant(configuration, callback, flow.checks(login))
        const tokens = readTokens(answer, clock())
        const identity = await flow.identify(configure(metadata, 'userinfo'), tokens)
        const scopes = readScopes(answer, askedScopes(flow, login), flow.scopeSeparator)
        return Object.freeze({ ...identity, scopes, tokens })
      })
    }),
    refresh: counted(async (session) => {
      const { refreshToken } = session.tokens
      if (refreshToken === undefined)
        throw new PosternError('POSTERN_GRANT_REFUSED', 'there is no refresh token')
      const metadata = await discovery.get()
      return translated('refresh', async () => {
        await flow.prepare()
        const answer = await client.refreshTokenGrant(configure(metadata, 'refresh'), refreshToken)
        const tokens = readTokens(answer, clock(), session.tokens)
        const identity = await flow
          .identifyRefreshed(session, tokens, answer.id_token)
          .catch(async (error) => {
            if (error instanceof PosternError && error.isSubjectChange) await revoke(tokens)
            throw error
          })
        const scopes = readScopes(answer, session.scopes, flow.scopeSeparator)
        return Object.freeze({ ...identity, scopes, tokens })
      })
    }),
    revoke: counted(revoke),
    ready: async () => void (await discovery.get()),
    endSessionUrl({ idToken, postLogoutRedirectUri, state }) {
      const metadata = discovery.current()
      if (metadata?.end_session_endpoint === undefined) return undefined
      const parameters = {
        ...(idToken !== undefined && { id_token_hint: idToken }),
        client_id: config.client_id,
        post_logout_redirect_uri: postLogoutRedirectUri,
        ...(state !== undefined && { state }),
      }
      return eachOnce(client.buildEndSessionUrl(configure(metadata), parameters), parameters)
    },
  }
}

/** The address with each of these parameters once, whatever the endpoint's own query brings along (RFC 6749 section 3.1). */
function eachOnce(url: URL, parameters: Readonly<Record<string, string>>): string {
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

async function loadMetadata(config: ProviderConfig, fetch: Fetch): Promise<ProviderMetadata> {
  if (config.endpoints !== undefined) return metadataOfEndpoints(config.endpoints)
  // The path is appended, whatever path the issuer has (OpenID Connect Discovery 1.0 section 4).
  const address = `${config.issuer?.replace(/\/$/, '')}/.well-known/openid-configuration`
  const document = await fetchJsonDocument(fetch, address, 'application/json')
  if (isObject(document)) return checkMetadata(document, config)
  throw new PosternError('POSTERN_PROVIDER_INVALID', 'the discovery document is not a JSON object')
}

/** The usual scopes, and those this login wants beside them. */
function askedScopes({ scopes }: LoginFlow, { wish }: LoginState): readonly string[] {
  return [...new Set([...scopes, ...(wish?.scopes ?? [])])]
}

/**
 * What a wish puts in place of the configured parameters: its own contexts, but never more time than they leave.
 * @see OpenID Connect Core 1.0 section 3.1.2.1
 */
function wishParameters(
  { acr, maxAge }: AuthorizationWish = {},
  { max_age: most }: ProviderConfig['authorization_params'],
): Record<string, string> {
  return {
    ...(acr !== undefined && { acr_values: acr.join(' ') }),
    ...(maxAge !== undefined && !(Number(most) < maxAge) && { max_age: String(maxAge) }),
  }
}

async function translated<T>(operation: Operation, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw translate(error, operation)
  }
}
