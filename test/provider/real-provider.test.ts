import { exportJWK, exportPKCS8, generateKeyPair } from 'jose'
import t, { type Test } from 'tap'
import type { Grant } from '../../src/core/session.ts'
import type { ProviderConfig } from '../../src/provider/provider-config.ts'
import { createBrowser } from '../support/browser.ts'
import { type ProviderOptions, startProvider, type TestProvider } from '../support/provider.ts'
import { configFor, failure, newLogin, redirectUri, sessionOf, subject } from './setup.ts'

async function setUp(t: Test, options: ProviderOptions = {}, changes: Partial<ProviderConfig> = {}) {
  const op = await startProvider(t, { redirectUris: [redirectUri], ...options })
  return { op, ...subject(t, configFor(op, changes)) }
}

/** Signs in through the pages of the provider, up to the redirect that comes back, and redeems the code. */
async function signIn(at: Awaited<ReturnType<typeof setUp>>, user = 'alice'): Promise<Grant> {
  const login = newLogin(at.provider)
  const browser = createBrowser()
  const page = await browser.navigate(await at.provider.authorizationUrl(login, redirectUri))
  const back = await browser.submit(page, { login: user }, { stopAt: redirectUri })
  return at.provider.exchange(new URL(back.headers.location as string), login)
}

t.test('a person signs in at a real provider, with PKCE, state and nonce', async (t) => {
  const at = await setUp(t, {}, { scopes: ['openid', 'profile', 'email', 'api.read', 'admin'] })
  const login = newLogin(at.provider)
  const url = new URL(await at.provider.authorizationUrl(login, redirectUri))
  t.equal(url.searchParams.get('response_type'), 'code')
  t.equal(url.searchParams.get('code_challenge_method'), 'S256')
  t.equal(url.searchParams.get('code_challenge')?.length, 43)
  t.equal(url.searchParams.get('state'), login.state)
  t.equal(url.searchParams.get('nonce'), login.nonce)
  t.equal(url.searchParams.get('scope'), 'openid profile email api.read admin')
  t.equal(url.searchParams.get('redirect_uri'), redirectUri)
  t.notOk(url.href.includes(login.codeVerifier))

  const grant = await signIn(at)
  t.equal(grant.sub, 'alice')
  t.strictSame(grant.claims['groups'], ['staff'])
  t.equal(grant.claims['email'], 'alice@example.com')
  t.equal(grant.claims['iss'], at.op.issuer)
  for (const name of ['aud', 'exp', 'iat', 'nonce', 'at_hash'])
    t.notOk(name in grant.claims, `${name} is dropped`)
  t.strictSame([...grant.scopes].sort(), ['api.read', 'email', 'openid', 'profile'], 'admin was not granted')
  t.ok(grant.tokens.refreshToken)
  t.equal(grant.tokens.expiresAt, grant.tokens.obtainedAt + 3600)
  t.equal(at.op.userinfoRequests.length, 1)
  t.notOk(at.op.userinfoRequests[0]?.path.includes('?'))
  t.strictSame(at.provider.readiness(), { ready: true })
})

t.test('a refresh rotates the refresh token and keeps what the person is', async (t) => {
  const at = await setUp(t)
  const grant = await signIn(at, 'bob')
  const refreshed = await at.provider.refresh(sessionOf(grant))
  t.equal(refreshed.sub, 'bob')
  t.not(refreshed.tokens.accessToken, grant.tokens.accessToken)
  t.not(refreshed.tokens.refreshToken, grant.tokens.refreshToken)
  t.ok(refreshed.tokens.idToken)
  t.equal(refreshed.claims['email'], 'bob@example.com')
  t.strictSame(refreshed.scopes, grant.scopes)
  t.strictSame(
    at.op.tokenRequests.map(({ parameters }) => parameters['grant_type']),
    ['authorization_code', 'refresh_token'],
  )

  const error = await failure(at.provider.refresh(sessionOf(grant)))
  t.equal(error.code, 'POSTERN_GRANT_REFUSED', 'a spent refresh token is refused')
  t.notOk(error.isSubjectChange)
})

t.test('without rotation the old refresh token stays', async (t) => {
  const at = await setUp(t)
  at.op.behaviour.rotateRefreshTokens = false
  const grant = await signIn(at)
  const refreshed = await at.provider.refresh(sessionOf(grant))
  t.equal(refreshed.tokens.refreshToken, grant.tokens.refreshToken)
})

t.test('a code works once', async (t) => {
  const at = await setUp(t, {}, { authorization_params: { login_hint: 'alice' } })
  const login = newLogin(at.provider)
  const address = await at.provider.authorizationUrl(login, redirectUri)
  const back = await createBrowser().navigate(address, { stopAt: redirectUri })
  const callback = new URL(back.headers.location as string)
  t.ok(callback.searchParams.get('iss'), 'the provider sends iss (RFC 9207)')
  const withoutIssuer = new URL(callback)
  withoutIssuer.searchParams.delete('iss')
  t.equal((await failure(at.provider.exchange(withoutIssuer, login))).code, 'POSTERN_LOGIN_FAILED')
  t.equal(at.op.tokenRequests.length, 0, 'nothing was spent')
  t.equal((await at.provider.exchange(callback, login)).sub, 'alice')
  t.equal((await failure(at.provider.exchange(callback, login))).code, 'POSTERN_LOGIN_FAILED')
})

t.test('a person who says no is told apart from a broken login', async (t) => {
  const at = await setUp(t)
  const error = await failure(signIn(at, 'deny'))
  t.equal(error.code, 'POSTERN_LOGIN_DENIED')
  t.equal(error.detail, 'access_denied')
})

t.test('each way of client authentication works, and only one is used', async (t) => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const key = { pem_or_jwk: await exportPKCS8(privateKey), key_id: 'ours' }
  const clientKeys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'ours', use: 'sig' }] }
  const ways = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const
  for (const clientAuth of ways) {
    await t.test(clientAuth, async (t) => {
      const at = await setUp(t, { clientAuth, clientKeys }, { client_auth: clientAuth, client_key: key })
      const grant = await signIn(at)
      await at.provider.refresh(sessionOf(grant))
      await at.provider.revoke(grant.tokens)
      t.equal(at.op.revocations.length, 2)
      for (const { authorization, parameters, status } of [...at.op.tokenRequests, ...at.op.revocations]) {
        const used = [authorization, parameters['client_secret'], parameters['client_assertion']].filter(
          Boolean,
        )
        t.equal(used.length, clientAuth === 'none' ? 0 : 1)
        t.equal(status, 200)
      }
    })
  }
})

t.test('the roles of a JWT access token become claims, and a refresh renews them', async (t) => {
  const changes: Partial<ProviderConfig> = {
    claims_from: ['id_token', 'access_token'],
    scopes: ['openid', 'api.read'],
  }
  const at = await setUp(t, { jwtAudience: 'urn:api' }, changes)
  const grant = await signIn(at)
  t.equal(grant.claims['client_id'], 'postern')
  t.equal(grant.claims['scope'], 'api.read')
  t.notOk('aud' in grant.claims)
  const refreshed = await at.provider.refresh(sessionOf(grant))
  t.equal(refreshed.claims['scope'], 'api.read')
  t.strictSame(
    at.lines.filter(({ level }) => level !== 'info'),
    [],
  )
})

t.test('an opaque access token has no claims, which is logged and harms nobody', async (t) => {
  const at = await setUp(t, {}, { claims_from: ['id_token', 'access_token'] })
  const grant = await signIn(at)
  t.equal(grant.sub, 'alice')
  const line = at.lines.find(({ level }) => level === 'warn')
  t.equal(line?.message, 'the claims of the access token are not used')
  t.notOk(JSON.stringify(line).includes(grant.tokens.accessToken))
})

t.test('revocation ends the refresh token', async (t) => {
  const at = await setUp(t)
  const grant = await signIn(at)
  await at.provider.revoke(grant.tokens)
  t.strictSame(
    at.op.revocations.map(({ parameters }) => parameters['token_type_hint']),
    ['refresh_token', 'access_token'],
  )
  t.equal((await failure(at.provider.refresh(sessionOf(grant)))).code, 'POSTERN_GRANT_REFUSED')
})

t.test('RP-initiated logout goes to the provider and comes back', async (t) => {
  const home = 'http://127.0.0.1:4180/'
  const at = await setUp(t, { postLogoutRedirectUris: [home] })
  t.equal(at.provider.endSessionUrl({ postLogoutRedirectUri: home }), undefined, 'unknown before discovery')
  const { tokens } = await signIn(at)
  const address = at.provider.endSessionUrl({
    idToken: tokens.idToken,
    postLogoutRedirectUri: home,
    state: 's',
  })
  const url = new URL(address as string)
  t.equal(url.searchParams.get('id_token_hint'), tokens.idToken)
  t.equal(url.searchParams.get('client_id'), 'postern')
  t.equal(url.searchParams.get('post_logout_redirect_uri'), home)
  t.equal(url.searchParams.get('state'), 's')
  const bare = new URL(at.provider.endSessionUrl({ postLogoutRedirectUri: home }) as string)
  t.notOk(bare.searchParams.has('id_token_hint'))
  t.notOk(bare.searchParams.has('state'))

  const browser = createBrowser()
  const page = await browser.navigate(url.href)
  const back = await browser.submit(page, {}, { stopAt: home })
  t.equal(back.headers.location, `${home}?state=s`)
})

t.test('a provider that is down later keeps its metadata, and comes back', async (t) => {
  const at = await setUp(t)
  const grant = await signIn(at)
  await at.op.stop()
  t.strictSame(at.provider.readiness(), { ready: true })
  const error = await failure(at.provider.refresh(sessionOf(grant)))
  t.equal(error.code, 'POSTERN_PROVIDER_UNREACHABLE')
  t.notOk(error.isAmbiguous, 'the connection was refused, so nothing was spent')
  await at.op.restart()
  t.equal((await at.provider.refresh(sessionOf(grant))).sub, 'alice')
})

t.test('the test provider answers as a test wants', async (t) => {
  const at = await setUp(t)
  const grant = await signIn(at)
  const answers: Record<string, Awaited<ReturnType<NonNullable<TestProvider['behaviour']['respond']>>>> = {
    POSTERN_PROVIDER_UNREACHABLE: { status: 503, headers: { 'retry-after': '7' } },
    POSTERN_CLIENT_REFUSED: { status: 401, body: { error: 'invalid_client' } },
  }
  for (const [code, answer] of Object.entries(answers)) {
    at.op.behaviour.respond = (_path, parameters) =>
      parameters['grant_type'] === 'refresh_token' ? answer : undefined
    t.equal((await failure(at.provider.refresh(sessionOf(grant)))).code, code)
  }
  at.op.behaviour.respond = () => undefined
  const refreshed = await at.provider.refresh(sessionOf(grant))
  at.op.behaviour.respond = () => 'drop'
  t.ok((await failure(at.provider.refresh(sessionOf(refreshed)))).isAmbiguous)
  at.op.behaviour.respond = () => 'drop-processed'
  t.ok((await failure(at.provider.refresh(sessionOf(refreshed)))).isAmbiguous)
  at.op.behaviour.respond = undefined
  t.equal(
    (await failure(at.provider.refresh(sessionOf(refreshed)))).code,
    'POSTERN_GRANT_REFUSED',
    'it was spent',
  )
})
