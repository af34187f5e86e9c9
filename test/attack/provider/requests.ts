import { createHash } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import type { Test } from 'tap'
import { createBrowser } from '../../support/browser.ts'
import type { HostileRequest } from '../../support/hostile-provider.ts'
import { ask, valuesOf } from '../../support/scene.ts'
import { clientKey, clientKeyPem } from '../forgeries.ts'
import { expectSignedIn, type HostileScene, signIn } from '../hostile-scene.ts'
import { type Checks, callbackOf, deviating } from './case.ts'

const last = ({ op }: HostileScene, endpoint: string): HostileRequest => {
  const request = op.requests.filter((seen) => seen.endpoint === endpoint).at(-1)
  if (request === undefined) throw new Error(`nothing was asked of ${endpoint}`)
  return request
}

/** The authorization request that a login begins with. */
async function authorizationRequest(scene: HostileScene, path = '/deep'): Promise<URLSearchParams> {
  const { headers } = await createBrowser().navigate(scene.gateway.origin + path, { follow: false })
  return new URL(headers.location as string).searchParams
}

/** What a relying party sends: to the authorization endpoint with the browser, and to the token endpoint itself. */
export const requestChecks: Checks = {
  'RP-response-type': async (t) => {
    const parameters = await authorizationRequest(await deviating(t, {}))
    t.strictSame(parameters.getAll('response_type'), ['code'])
    t.strictSame(parameters.getAll('response_mode'), [])
    t.equal(new Set(parameters.keys()).size, parameters.size, 'no parameter twice')
  },
  'RP-scope': async (t) => {
    const scene = await deviating(t, {}, { providerKeys: 'scopes: [openid, email, orders:read]' })
    t.strictSame((await authorizationRequest(scene)).getAll('scope'), ['openid email orders:read'])
  },
  'RP-redirect-uri': redirectUri,
  'RP-pkce': async (t) => {
    const parameters = await authorizationRequest(await deviating(t, {}))
    t.equal(parameters.get('code_challenge_method'), 'S256')
    t.match(parameters.get('code_challenge'), /^[\w-]{43}$/)
  },
  'RP-fresh-values': freshValues,
  'RP-no-request-object': async (t) => {
    const parameters = await authorizationRequest(
      await deviating(t, {
        discovery: {
          request_uri_parameter_supported: true,
          request_parameter_supported: true,
          claims_parameter_supported: true,
          registration_endpoint: 'https://evil.example/register',
          response_modes_supported: ['form_post', 'fragment'],
        },
      }),
    )
    for (const name of ['request', 'request_uri', 'registration', 'response_mode', 'claims']) {
      t.notOk(parameters.has(name), name)
    }
  },
  'RP-user-parameters': userParameters,
  'RP-redirect-headers': redirectHeaders,
  'RP-nothing-else': nothingElse,
  'RP-code-grant': codeGrant,
  'RP-client-secret-basic': clientSecretBasic,
  'RP-client-secret-post': clientSecretPost,
  'RP-private-key-jwt': privateKeyJwt,
  'RP-public-client': publicClient,
  'RP-userinfo-request': async (t) => {
    const scene = await deviating(t, { token: { access_token: 'known' }, claims: { at_hash: undefined } })
    expectSignedIn(t, scene, await signIn(scene))
    const { method, url, headers } = last(scene, 'userinfo')
    t.strictSame([method, url, headers['authorization']], ['GET', '/userinfo', 'Bearer known'])
  },
  'RP-userinfo-claims': async (t) => {
    const scene = await deviating(t, { userinfo: { sub: 'alice', email: 'alice@corp.example' } })
    expectSignedIn(t, scene, await signIn(scene))
    t.match(scene.upstream.bytes(), '\r\nX-Forwarded-Email: alice@corp.example\r\n')
  },
  'RP-refresh-request': refreshRequest,
  'RP-refresh-rotation': rotation,
  'RP-refresh-kept': keptToken,
}

/** Where the provider sends the browser back to is configured; no header of a request changes it. */
async function redirectUri(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  const { origin } = scene.gateway
  for (const headers of [
    [],
    ['X-Forwarded-Host: evil.example'],
    ['X-Forwarded-Proto: https'],
    ['Forwarded: host=evil.example;proto=https'],
    ['Host: evil.example'],
    ['Origin: https://evil.example'],
  ]) {
    const page = ['Accept: text/html', 'Sec-Fetch-Mode: navigate', ...headers]
    const answer = (await ask(scene.gateway, 'GET /deep', page)).split('\r\n')
    const [location] = valuesOf(answer, 'location')
    if (headers[0]?.startsWith('Host')) t.match(answer[0], / 421 /)
    else t.equal(new URL(location as string).searchParams.get('redirect_uri'), `${origin}/oauth2/callback`)
  }
}

/** State, nonce and challenge are new at every login, of 256 bits each. */
async function freshValues(t: Test): Promise<void> {
  const scene = await deviating(t, {}, { level: 'fatal' })
  const all = await Promise.all(Array.from({ length: 200 }, () => authorizationRequest(scene)))
  for (const name of ['nonce', 'code_challenge', 'state']) {
    const values = all.map((parameters) => parameters.get(name) as string)
    t.equal(new Set(values).size, 200)
    t.ok(
      values.every((value) => /^[\w-]{43,}$/.test(value)),
      name,
    )
  }
}

/** Nothing of a visitor's query becomes a parameter of the authorization request. */
async function userParameters(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  const query = new URLSearchParams({
    client_id: 'evil',
    redirect_uri: 'https://evil.example/',
    scope: 'admin',
    prompt: 'none',
    state: 'x',
    nonce: 'x',
    response_type: 'token',
    request_uri: 'https://evil.example/',
    acr_values: 'x',
    code_challenge_method: 'plain',
  })
  const usual = await authorizationRequest(scene)
  for (const path of ['/deep', '/oauth2/start']) {
    const parameters = await authorizationRequest(scene, `${path}?${query}`)
    t.strictSame([...parameters.keys()].sort(), [...usual.keys()].sort())
    for (const name of ['client_id', 'redirect_uri', 'scope', 'response_type', 'code_challenge_method']) {
      t.equal(parameters.get(name), usual.get(name), name)
    }
  }
}

async function redirectHeaders(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  const answer = await scene.browser.navigate(`${scene.gateway.origin}/deep`, { follow: false })
  t.ok([302, 303].includes(answer.status))
  t.equal(answer.headers['cache-control'], 'no-store')
  t.equal(answer.headers['referrer-policy'], 'no-referrer')
  const back = await scene.browser.navigate((await callbackOf(scene)).href, { follow: false })
  t.equal(back.status, 303)
  t.equal(back.headers['cache-control'], 'no-store')
  t.equal(back.headers['referrer-policy'], 'no-referrer')
  t.notMatch(back.headers.location, /code=|state=/)
}

/** A login asks four things of the provider, and nothing like WebFinger or dynamic registration. */
async function nothingElse(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  expectSignedIn(t, scene, await signIn(scene))
  const asked = scene.op.requests.map(({ method, url }) => `${method} ${url.split('?')[0]}`)
  t.strictSame([...new Set(asked)].sort(), [
    'GET /.well-known/openid-configuration',
    'GET /authorize',
    'GET /jwks',
    'GET /userinfo',
    'POST /token',
  ])
}

async function codeGrant(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  expectSignedIn(t, scene, await signIn(scene))
  const begin = last(scene, 'authorize').parameters
  const { method, url, headers, parameters } = last(scene, 'token')
  t.strictSame([method, url], ['POST', '/token'])
  t.match(headers['content-type'], 'application/x-www-form-urlencoded')
  t.equal(parameters['grant_type'], 'authorization_code')
  t.equal(parameters['redirect_uri'], begin['redirect_uri'])
  const { code_verifier: verifier = '' } = parameters
  t.match(verifier, /^[\w.~-]{43,128}$/)
  t.equal(createHash('sha256').update(verifier).digest('base64url'), begin['code_challenge'])
}

/** Identifier and secret are form-encoded before they are joined, so that a colon stays one. */
async function clientSecretBasic(t: Test): Promise<void> {
  const secret = "a:b%c+d e&\u00fc*'()!"
  const client = () => `client_id: "pos:tern", client_secret: ${JSON.stringify(secret)}`
  const scene = await deviating(t, { claims: { aud: 'pos:tern' } }, { client })
  expectSignedIn(t, scene, await signIn(scene))
  const { headers, parameters } = last(scene, 'token')
  const credentials = Buffer.from(String(headers['authorization']).slice(6), 'base64').toString()
  t.strictSame(
    [...new URLSearchParams(`a=${credentials.replace(':', '&b=')}`).values()],
    ['pos:tern', secret],
  )
  t.notOk('client_secret' in parameters || 'client_assertion' in parameters, 'one method only')
}

async function clientSecretPost(t: Test): Promise<void> {
  const client = () => 'client_id: postern, client_secret: "a:b c", client_auth: client_secret_post'
  const scene = await deviating(t, {}, { client })
  expectSignedIn(t, scene, await signIn(scene))
  const { headers, parameters, url } = last(scene, 'token')
  t.strictSame([parameters['client_id'], parameters['client_secret'], url], ['postern', 'a:b c', '/token'])
  t.notOk('authorization' in headers)
}

/** Each assertion is for the issuer alone, for a minute, and never twice the same. */
async function privateKeyJwt(t: Test): Promise<void> {
  const client = () =>
    'client_id: postern, client_auth: private_key_jwt, client_key_file: /key.pem, client_key_id: mine'
  const scene = await deviating(t, {}, { client, file: clientKeyPem })
  const seen = new Set<unknown>()
  for (let round = 0; round < 2; round += 1) {
    expectSignedIn(t, scene, await signIn({ ...scene, browser: createBrowser() }))
    const { parameters, headers } = last(scene, 'token')
    t.equal(parameters['client_assertion_type'], 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    t.notOk('authorization' in headers || 'client_secret' in parameters, 'one method only')
    const keys = createLocalJWKSet({ keys: [{ ...clientKey, kid: 'mine' }] as never })
    const { payload } = await jwtVerify(parameters['client_assertion'] as string, keys)
    const { iss, sub, aud, iat = 0, exp = 0, jti } = payload
    t.strictSame([iss, sub, aud], ['postern', 'postern', scene.op.issuer])
    t.ok(exp - iat <= 60)
    seen.add(jti)
  }
  t.equal(seen.size, 2)
}

async function publicClient(t: Test): Promise<void> {
  const scene = await deviating(t, {}, { client: () => 'client_id: postern, client_auth: none' })
  expectSignedIn(t, scene, await signIn(scene))
  const { headers, parameters } = last(scene, 'token')
  t.equal(parameters['client_id'], 'postern')
  t.notOk('authorization' in headers || 'client_secret' in parameters)
}

async function refreshRequest(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  expectSignedIn(t, scene, await signIn(scene))
  scene.gateway.advance(301)
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/deep`)).status, 200)
  const { parameters, headers, method, url } = last(scene, 'token')
  t.strictSame([method, url, parameters['grant_type']], ['POST', '/token', 'refresh_token'])
  t.match(headers['authorization'], /^Basic /)
  t.strictSame(Object.keys(parameters).sort(), ['grant_type', 'refresh_token'])
}

/** A new refresh token takes the place of the one before at once. */
async function rotation(t: Test): Promise<void> {
  const sent = await threeRefreshes(t, 'once')
  t.equal(new Set(sent).size, 3)
}

/** Where none is given the one before is kept. */
async function keptToken(t: Test): Promise<void> {
  const sent = await threeRefreshes(t, 'none')
  t.equal(new Set(sent).size, 1)
}

async function threeRefreshes(t: Test, style: 'once' | 'none'): Promise<(string | undefined)[]> {
  const scene = await deviating(t, { rotation: style }, { providerKeys: 'clock_tolerance: 1h' })
  expectSignedIn(t, scene, await signIn(scene))
  for (let round = 0; round < 3; round += 1) {
    scene.gateway.advance(301)
    t.equal((await scene.browser.fetch(`${scene.gateway.origin}/deep`)).status, 200)
  }
  const sent = scene.op.requests.map(({ parameters }) => parameters['refresh_token'])
  return sent.filter((value) => value !== undefined)
}

/** The hint of a sign-out. */
export function hintOf(location: string): Record<string, unknown> {
  return decodeJwt(new URL(location).searchParams.get('id_token_hint') as string)
}
