import t, { type Test } from 'tap'
import type { ProviderConfig } from '../../src/provider/provider-config.ts'
import { type Deviations, type Misdeed, startHostileProvider } from '../support/hostile-provider.ts'
import { configFor, failure, newLogin, redirectUri, sessionOf, subject } from './setup.ts'

/** A provider with GitHub's manners, known by its endpoints only. */
async function setUp(t: Test, deviations: Partial<Deviations> = {}, changes: Partial<ProviderConfig> = {}) {
  const op = await startHostileProvider(t)
  op.deviations.userinfo = { id: 583231, login: 'octocat', plan: { name: 'pro' }, email: null }
  op.deviations.token = { scope: 'repo,gist', expires_in: undefined, id_token: 'not.looked.at' }
  Object.assign(op.deviations, deviations)
  const config = configFor(
    { clientId: op.clientId, clientSecret: op.clientSecret },
    {
      endpoints: {
        authorization: `${op.issuer}/authorize`,
        token: `${op.issuer}/token`,
        userinfo: `${op.issuer}/userinfo`,
        revocation: `${op.issuer}/revoke`,
        end_session: `${op.issuer}/end`,
      },
      scopes: ['repo', 'gist', 'repo'],
      userinfo: {
        sub: 'id',
        preferred_username: 'login',
        plan: 'plan.name',
        none: 'constructor.name',
        deep: 'login.x',
      },
      ...changes,
    },
  )
  const { provider } = subject(t, config)
  const signIn = async (extra: Record<string, string> = {}) => {
    const login = newLogin(provider)
    return provider.exchange(op.callback(redirectUri, login, extra), login)
  }
  return { op, provider, signIn }
}

t.test('a plain OAuth 2.0 provider signs a person in by its UserInfo answer', async (t) => {
  const at = await setUp(t)
  const login = newLogin(at.provider)
  const url = new URL(await at.provider.authorizationUrl(login, redirectUri))
  t.equal(url.searchParams.get('scope'), 'repo gist')
  t.equal(url.searchParams.get('code_challenge_method'), 'S256')
  t.strictSame(at.provider.readiness(), { ready: true })
  const grant = await at.signIn({ iss: 'https://github.com/login/oauth' })
  t.equal(grant.sub, '583231')
  t.strictSame(grant.claims, { sub: '583231', preferred_username: 'octocat', plan: 'pro' })
  t.strictSame(grant.scopes, ['repo', 'gist'])
  t.notOk('idToken' in grant.tokens, 'an ID token that cannot be verified is not kept')
  t.notOk('expiresAt' in grant.tokens)
  t.equal(at.op.count('discovery') + at.op.count('jwks'), 0)
  t.equal(
    at.provider
      .endSessionUrl({ postLogoutRedirectUri: 'http://127.0.0.1/' })
      ?.startsWith(`${at.op.issuer}/end?`),
    true,
  )
  await at.provider.revoke(grant.tokens)
  t.equal(at.op.count('revoke'), 2)
})

t.test('a refresh keeps the claims', async (t) => {
  const at = await setUp(t)
  const grant = await at.signIn()
  const refreshed = await at.provider.refresh(sessionOf(grant))
  t.strictSame(refreshed.claims, grant.claims)
  t.equal(refreshed.sub, grant.sub)
  t.not(refreshed.tokens.accessToken, grant.tokens.accessToken)
  t.equal(at.op.count('userinfo'), 1)
})

t.test('a token answer may be form-encoded', async (t) => {
  const form = (body: string): Misdeed => ({
    status: 200,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body,
  })
  const at = await setUp(t, {
    answer: { token: form('access_token=gho_16C7&scope=repo%2Cgist&token_type=bearer') },
  })
  const grant = await at.signIn()
  t.equal(grant.tokens.accessToken, 'gho_16C7')
  t.strictSame(grant.scopes, ['repo', 'gist'])
  at.op.deviations.answer = { token: form('error=bad_verification_code&error_description=x') }
  t.equal((await failure(at.signIn())).code, 'POSTERN_LOGIN_FAILED')
  at.op.deviations.answer = { token: form('error=redirect_uri_mismatch') }
  t.equal((await failure(at.signIn())).code, 'POSTERN_CLIENT_REFUSED')
})

t.test('without a usable UserInfo answer nobody is signed in', async (t) => {
  const answers: Misdeed[] = [
    { status: 200, body: { login: 'octocat' } },
    { status: 200, body: { id: '' } },
    { status: 200, body: { id: { nested: true } } },
    { status: 200, body: ['octocat'] },
    { status: 200, headers: { 'content-type': 'application/json' }, body: '{' },
    { status: 200, body: 'octocat' },
    { status: 404 },
    { status: 401, headers: { 'www-authenticate': 'Bearer' } },
  ]
  for (const userinfo of answers) {
    const at = await setUp(t, { answer: { userinfo } })
    t.equal((await failure(at.signIn())).code, 'POSTERN_PROVIDER_INVALID')
  }
})

t.test('the subject is found under its own name where the map names none', async (t) => {
  const at = await setUp(t, { userinfo: { sub: 'octocat' } }, { userinfo: {} })
  t.equal((await at.signIn()).sub, 'octocat')
})

t.test('endpoints that are not configured are not used', async (t) => {
  const at = await setUp(t)
  const endpoints = {
    authorization: `${at.op.issuer}/authorize`,
    token: `${at.op.issuer}/token`,
    userinfo: `${at.op.issuer}/userinfo`,
  }
  const bare = await setUp(t, {}, { endpoints })
  await bare.provider.revoke({ accessToken: 'x', obtainedAt: 0 })
  t.equal(at.op.count('revoke') + bare.op.count('revoke'), 0)
  t.equal(bare.provider.endSessionUrl({ postLogoutRedirectUri: 'http://127.0.0.1/' }), undefined)
  const lacking = await setUp(
    t,
    {},
    { endpoints: { authorization: endpoints.authorization, token: endpoints.token } },
  )
  await lacking.provider.authorizationUrl(newLogin(lacking.provider), redirectUri)
  t.strictSame(lacking.provider.readiness(), { ready: true })
})
