import * as oidc from 'openid-client'
import t, { type Test } from 'tap'
import { createDemoProvider } from '../../src/demo/provider.ts'

const redirectUri = 'http://localhost:4180/oauth2/callback'
const signedOut = 'http://localhost:4180/oauth2/sign_out'
const everything = 'openid profile email offline_access orders:read orders:write admin'
const client = {
  clientId: 'demo',
  clientSecret: 'demo-secret-of-no-value',
  redirectUris: [redirectUri],
  postLogoutRedirectUris: [signedOut],
}

type Html = { status: number; location: string; text: string }

/** The little of a browser that a sign-in needs: cookies by name and path, redirects by hand. */
function createBrowser() {
  const jar = new Map<string, { path: string; pair: string }>()
  return async (url: string | URL, init: RequestInit = {}): Promise<Html> => {
    const { pathname } = new URL(url)
    const cookie = [...jar.values()].filter((c) => pathname.startsWith(c.path)).map((c) => c.pair)
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie: cookie.join('; ') } })
    for (const line of response.headers.getSetCookie()) {
      const pair = line.split(';')[0] as string
      const path = /path=([^;]*)/i.exec(line)?.[1] as string
      const name = `${pair.split('=')[0]} ${path}`
      if (/expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name)
      else jar.set(name, { path, pair })
    }
    const location = new URL(response.headers.get('location') ?? '', url).href
    return { status: response.status, location, text: await response.text() }
  }
}

async function start(t: Test) {
  const provider = createDemoProvider({ ...client, port: 0 })
  const issuer = await provider.listen()
  t.teardown(() => provider.close())
  const config = await oidc.discovery(new URL(issuer), client.clientId, client.clientSecret, undefined, {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  })
  return { issuer, config, browse: createBrowser() }
}

async function authorize(
  config: oidc.Configuration,
  browse: ReturnType<typeof createBrowser>,
  scope: string,
) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const parameters = {
    redirect_uri: redirectUri,
    scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  }
  return { pkceCodeVerifier, answer: await browse(oidc.buildAuthorizationUrl(config, parameters)) }
}

async function signIn(config: oidc.Configuration, browse: ReturnType<typeof createBrowser>, user: string) {
  const { pkceCodeVerifier, answer } = await authorize(config, browse, everything)
  const page = await browse(answer.location)
  const action = new RegExp(`action="([^"]+/${user})"`).exec(page.text)?.[1] as string
  const resumed = await browse(new URL(action, answer.location), { method: 'POST' })
  const back = await browse(resumed.location)
  return oidc.authorizationCodeGrant(config, new URL(back.location), {
    pkceCodeVerifier,
    idTokenExpected: true,
  })
}

/** The error code that refreshing gives. */
async function refreshError(config: oidc.Configuration, tokens: oidc.TokenEndpointResponse) {
  const error = await oidc.refreshTokenGrant(config, tokens.refresh_token as string).catch((reason) => reason)
  return (error as oidc.ResponseBodyError).error
}

function payloadOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] as string, 'base64url').toString())
}

t.test('each user gets no more than their scopes, in a JWT that lives a minute', async (t) => {
  const { config } = await start(t)
  const granted = {
    alice: 'orders:read',
    bob: 'orders:read orders:write',
    carol: 'orders:read orders:write admin',
  }
  for (const [user, scope] of Object.entries(granted)) {
    const tokens = await signIn(config, createBrowser(), user)
    t.strictSame(tokens.scope, scope)
    t.equal(tokens.expires_in, 60)
    t.match(payloadOf(tokens.access_token), { sub: user, scope })
    t.match(tokens.claims(), { sub: user, preferred_username: user, email: `${user}@example.com` })
    t.ok(tokens.refresh_token)
  }
  const carol = await signIn(config, createBrowser(), 'carol')
  t.match(carol.claims(), { groups: ['staff'] })
})

t.test('refresh tokens rotate, and one that is used twice ends everything', async (t) => {
  const { config, browse } = await start(t)
  const first = await signIn(config, browse, 'bob')
  const second = await oidc.refreshTokenGrant(config, first.refresh_token as string)
  t.not(second.refresh_token, first.refresh_token)
  t.match(payloadOf(second.access_token), { sub: 'bob', scope: 'orders:read orders:write' })
  t.match(await refreshError(config, first), 'invalid_grant')
  t.match(await refreshError(config, second), 'invalid_grant')
})

t.test('a revoked refresh token is of no use any more', async (t) => {
  const { config, browse } = await start(t)
  const tokens = await signIn(config, browse, 'alice')
  await oidc.tokenRevocation(config, tokens.refresh_token as string)
  t.match(await refreshError(config, tokens), 'invalid_grant')
})

t.test('a second sign-in of the same browser asks nothing, until it signs out', async (t) => {
  const { config, browse } = await start(t)
  const { id_token } = await signIn(config, browse, 'alice')
  t.match((await authorize(config, browse, everything)).answer.location, `${redirectUri}?code=`)

  const parameters = { id_token_hint: id_token as string, post_logout_redirect_uri: signedOut }
  const page = await browse(oidc.buildEndSessionUrl(config, parameters))
  t.match(page.text, 'Sign out of the demo provider?')
  const [action, xsrf] = [/action="([^"]+)"/, /name="xsrf" value="([^"]+)"/].map(
    (r) => r.exec(page.text)?.[1],
  )
  const body = new URLSearchParams({ xsrf: xsrf as string, logout: 'yes' })
  t.equal((await browse(action as string, { method: 'POST', body })).location, signedOut)
  t.match((await authorize(config, browse, everything)).answer.location, '/interaction/')
})

t.test('signing out without a place to go ends on a page', async (t) => {
  const { config, issuer, browse } = await start(t)
  await signIn(config, browse, 'alice')
  const page = await browse(`${issuer}/session/end`)
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] as string
  const body = new URLSearchParams({ xsrf, logout: 'yes' })
  const { location } = await browse(`${issuer}/session/end/confirm`, { method: 'POST', body })
  t.match((await browse(location)).text, 'Signed out of the demo provider')
})

t.test('nobody unknown can sign in, and a finished sign-in cannot be repeated', async (t) => {
  const { config, issuer, browse } = await start(t)
  const { answer } = await authorize(config, browse, everything)
  const again = await browse(`${answer.location}/mallory`, { method: 'POST' })
  t.match(again, { status: 200, text: 'Who do you want to be?' })
  t.match(await browse(`${issuer}/interaction/no-such-thing`), { status: 400, text: 'This sign-in is over' })
})

t.test('a client that forgets PKCE is sent back with an error', async (t) => {
  const { config, browse } = await start(t)
  const { location } = await browse(
    oidc.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope: 'openid' }),
  )
  t.match(location, `${redirectUri}?error=invalid_request`)
})

t.test('a refused request is explained on a page', async (t) => {
  const { issuer, browse } = await start(t)
  t.match((await browse(`${issuer}/auth?client_id=%3Cb%3E`)).text, 'The demo provider says no')
})

t.test('it refuses to run in production', async (t) => {
  const before = process.env
  t.teardown(() => {
    process.env = before
  })
  process.env = { ...before, NODE_ENV: 'production' }
  t.throws(() => createDemoProvider({ ...client, port: 0 }), /refuses to run with NODE_ENV=production/)
})

t.test('a port that is taken is an error', async (t) => {
  const { issuer } = await start(t)
  const second = createDemoProvider({ ...client, port: Number(new URL(issuer).port) })
  await t.rejects(second.listen(), { code: 'EADDRINUSE' })
})
