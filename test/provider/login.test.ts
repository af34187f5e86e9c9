import t from 'tap'
import type { AuthorizationWish } from '../../src/core/authorization-wish.ts'
import type { Deviations, Misdeed } from '../support/hostile-provider.ts'
import { everythingIn, failure, hostile, newLogin, now, redirectUri } from './setup.ts'

t.test('a callback that is not the answer to this login spends nothing', async (t) => {
  const at = await hostile(t)
  const login = newLogin(at.provider)
  const issuer = encodeURIComponent(at.op.issuer)
  const queries: Record<string, string> = {
    'no state': 'code=a',
    'another state': 'code=a&state=other',
    'two states': `code=a&state=${login.state}&state=${login.state}`,
    'two codes': `code=a&code=b&state=${login.state}`,
    'two issuers': `code=a&state=${login.state}&iss=${issuer}&iss=${issuer}`,
    'two errors': `error=a&error=b&state=${login.state}`,
    'another issuer': `code=a&state=${login.state}&iss=https://evil.example`,
    'an issuer with a slash': `code=a&state=${login.state}&iss=${issuer}/`,
    'an empty issuer': `code=a&state=${login.state}&iss=`,
    'no code': `state=${login.state}`,
    'an empty code': `code=&state=${login.state}`,
    'a code as a list': `code[]=a&state=${login.state}`,
    'a code and an error': `code=a&error=access_denied&state=${login.state}`,
    'an error without state': 'error=access_denied',
  }
  for (const [name, query] of Object.entries(queries)) {
    const error = await failure(at.provider.exchange(new URL(`${redirectUri}?${query}`), login))
    t.equal(error.code, 'POSTERN_LOGIN_FAILED', name)
    t.notOk(everythingIn(error).includes(login.state))
  }
  t.equal(at.op.count('token'), 0)
})

t.test(
  'iss must be there when the metadata promises it, and is compared when it comes unasked',
  async (t) => {
    const at = await hostile(t)
    t.equal((await at.signIn({ iss: at.op.issuer })).sub, 'alice')
    const promising = await hostile(t)
    promising.op.deviations.discovery = { authorization_response_iss_parameter_supported: true }
    t.match(await failure(promising.signIn()), { code: 'POSTERN_LOGIN_FAILED', detail: /lacks the iss/ })
    t.equal((await promising.signIn({ iss: promising.op.issuer })).sub, 'alice')
  },
)

t.test('parameters of other flows in a callback count for nothing', async (t) => {
  const at = await hostile(t)
  t.equal((await at.signIn({ response: 'x', id_token: 'x', token: 'x', code_verifier: 'x' })).sub, 'alice')
})

t.test('errors of the authorization endpoint are told apart, and unknown ones not repeated', async (t) => {
  const at = await hostile(t)
  const login = newLogin(at.provider)
  const expected: Record<string, [string, string]> = {
    access_denied: ['POSTERN_LOGIN_DENIED', 'access_denied'],
    login_required: ['POSTERN_LOGIN_DENIED', 'login_required'],
    '<script>': ['POSTERN_LOGIN_DENIED', 'unknown error'],
    '': ['POSTERN_LOGIN_DENIED', 'unknown error'],
    unmet_authentication_requirements: ['POSTERN_LOGIN_DENIED', 'unmet_authentication_requirements'],
    unauthorized_client: ['POSTERN_CLIENT_REFUSED', 'unauthorized_client'],
    invalid_scope: ['POSTERN_CLIENT_REFUSED', 'invalid_scope'],
    temporarily_unavailable: ['POSTERN_PROVIDER_UNREACHABLE', 'temporarily_unavailable'],
  }
  for (const [error, [code, detail]] of Object.entries(expected)) {
    const url = new URL(redirectUri)
    url.search = new URLSearchParams({ error, state: login.state, error_description: '<script>' }).toString()
    t.match(await failure(at.provider.exchange(url, login)), { code, detail }, error)
  }
})

t.test('the token request carries the redirect URI, the code verifier and Basic credentials', async (t) => {
  const at = await hostile(t, { client_secret: "a:b%c+d e&ü*'()!", client_id: 'postern' })
  const login = newLogin(at.provider)
  await at.provider.exchange(at.op.callback(redirectUri, login), login)
  const request = at.op.requests.find(({ endpoint }) => endpoint === 'token')
  t.equal(request?.url, '/token', 'nothing in the address')
  t.equal(request?.parameters['redirect_uri'], redirectUri)
  t.equal(request?.parameters['code_verifier'], login.codeVerifier)
  const credentials = Buffer.from(String(request?.headers['authorization']).slice(6), 'base64').toString()
  const decoded = credentials.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
  t.strictSame(decoded, ['postern', "a:b%c+d e&ü*'()!"])
  const userinfo = at.op.requests.find(({ endpoint }) => endpoint === 'userinfo')
  t.equal(userinfo?.url, '/userinfo')
  t.match(userinfo?.headers['authorization'], /^Bearer /)
})

t.test(
  'the parameters of the configuration join the authorization request and replace none of ours',
  async (t) => {
    const authorizationParams = {
      prompt: 'select_account',
      state: 'fixed',
      response_type: 'token',
      scope: 'all',
    }
    const at = await hostile(t, { authorization_params: authorizationParams, scopes: ['profile', 'profile'] })
    const login = newLogin(at.provider)
    const { searchParams } = new URL(await at.provider.authorizationUrl(login, redirectUri))
    t.equal(searchParams.get('prompt'), 'select_account')
    t.strictSame(searchParams.getAll('state'), [login.state])
    t.strictSame(searchParams.getAll('response_type'), ['code'])
    t.strictSame(searchParams.getAll('scope'), ['openid profile'])
  },
)

t.test('what a rule makes a login ask for joins the request, and never asks for less', async (t) => {
  const asked = async (authorizationParams: Record<string, string>, wish?: AuthorizationWish) => {
    const at = await hostile(t, { authorization_params: authorizationParams, scopes: ['profile'] })
    const login = { ...newLogin(at.provider), ...(wish && { wish }) }
    const { searchParams } = new URL(await at.provider.authorizationUrl(login, redirectUri))
    const { scope, acr_values: acr, max_age: maxAge } = Object.fromEntries(searchParams)
    t.equal([...searchParams.keys()].length, new Set(searchParams.keys()).size, 'no parameter twice')
    return [scope, acr, maxAge]
  }
  t.strictSame(await asked({}), ['openid profile', undefined, undefined])
  t.strictSame(await asked({}, { scopes: ['a', 'profile', 'b'] }), [
    'openid profile a b',
    undefined,
    undefined,
  ])
  t.strictSame(await asked({}, { acr: ['urn:x:mfa', 'hw'], maxAge: 0 }), [
    'openid profile',
    'urn:x:mfa hw',
    '0',
  ])
  const configured = { acr_values: 'any', max_age: '60' }
  t.strictSame(await asked(configured), ['openid profile', 'any', '60'])
  t.strictSame(await asked(configured, { acr: ['mfa'], maxAge: 300 }), ['openid profile', 'mfa', '60'])
  t.strictSame(await asked(configured, { maxAge: 30 }), ['openid profile', 'any', '30'])
  t.strictSame(await asked({ max_age: 'soon' }, { maxAge: 30 }), ['openid profile', undefined, '30'])
})

t.test('a max_age that a rule wishes for is left to the rule to judge', async (t) => {
  const at = await hostile(t)
  for (const authTime of [undefined, now() - 9999, now()]) {
    at.op.deviations.claims = { auth_time: authTime }
    const login = { ...newLogin(at.provider), wish: { maxAge: 60, acr: ['mfa'] } }
    const grant = await at.provider.exchange(at.op.callback(redirectUri, login), login)
    t.equal(grant.claims['auth_time'], authTime)
  }
})

t.test('how and when somebody signed in comes from the ID token alone', async (t) => {
  const forged = { sub: 'alice', acr: 'mfa', amr: ['hwk'], auth_time: now(), email: 'a@example.com' }
  const sources = [
    ['id_token', 'userinfo'],
    ['userinfo', 'id_token'],
    ['userinfo'],
    ['access_token'],
  ] as const
  for (const claimsFrom of sources) {
    const at = await hostile(t, { claims_from: [...claimsFrom] })
    at.op.deviations.userinfo = forged
    const parts = { iss: at.op.issuer, aud: 'api', exp: now() + 300, iat: now(), ...forged }
    const jwt = await at.op.sign({ header: { alg: 'ES256', kid: 'good' }, claims: parts })
    at.op.deviations.token = { access_token: jwt }
    at.op.deviations.claims = { auth_time: undefined, at_hash: undefined }
    const { claims } = await at.signIn()
    const name = claimsFrom.join()
    t.strictSame([claims['acr'], claims['amr'], claims['auth_time']], [undefined, undefined, undefined], name)
    t.equal(claims['email'], 'a@example.com', name)
    at.op.deviations.claims = { auth_time: 5, acr: 'pwd', at_hash: undefined }
    const stated = (await at.signIn()).claims
    t.strictSame([stated['acr'], stated['amr'], stated['auth_time']], ['pwd', undefined, 5], name)
  }
})

t.test('each login has values of its own, of 256 bits', async (t) => {
  const { provider } = await hostile(t)
  const values = Array.from({ length: 500 }, () => Object.values(provider.newLogin())).flat()
  t.equal(new Set(values).size, 1500)
  t.ok(values.every((value) => /^[\w-]{43}$/.test(value)))
})

t.test('token answers are read with care', async (t) => {
  const token = (members: Record<string, unknown>) => ({ token: members })
  const year = 365 * 24 * 3600
  const good: Record<string, [Partial<Deviations>, number | undefined]> = {
    'token_type in any case': [token({ token_type: 'bEARER' }), 300],
    'expires_in as a string': [token({ expires_in: '3600' }), 3600],
    'expires_in missing': [token({ expires_in: undefined }), undefined],
    'expires_in null': [token({ expires_in: null }), undefined],
    'expires_in zero': [token({ expires_in: 0 }), 0],
    'expires_in of 30 000 years': [token({ expires_in: 1e12 }), year],
    'expires_in with a fraction': [token({ expires_in: 1.5 }), 1],
  }
  for (const [name, [deviation, lifetime]] of Object.entries(good)) {
    const at = await hostile(t)
    Object.assign(at.op.deviations, deviation)
    const { tokens } = await at.signIn()
    t.equal(tokens.expiresAt, lifetime === undefined ? undefined : tokens.obtainedAt + lifetime, name)
  }
  const bad: Record<string, Partial<Deviations>> = {
    'token_type mac': token({ token_type: 'mac' }),
    'token_type DPoP': token({ token_type: 'DPoP' }),
    'token_type missing': token({ token_type: undefined }),
    'expires_in negative': token({ expires_in: -1 }),
    'expires_in not a number': token({ expires_in: 'soon' }),
    'no access token': token({ access_token: undefined }),
    'an access token with a line break': token({ access_token: 'a\r\nX-Evil: 1' }),
    'an access token with a space': token({ access_token: 'a b' }),
    'an access token beyond ASCII': token({ access_token: 'tökèn' }),
    'an access token that is a number': token({ access_token: 5 }),
    'scope as a list': token({ scope: ['openid', 'admin'] }),
  }
  for (const [name, deviation] of Object.entries(bad)) {
    const at = await hostile(t)
    at.op.deviations.claims = { at_hash: undefined }
    Object.assign(at.op.deviations, deviation)
    t.equal((await failure(at.signIn())).code, 'POSTERN_PROVIDER_INVALID', name)
  }
})

t.test('granted scopes are those of the answer, or those asked for', async (t) => {
  const at = await hostile(t, { scopes: ['openid', 'admin'] })
  t.strictSame((await at.signIn()).scopes, ['openid', 'profile'])
  at.op.deviations.token = { scope: undefined }
  t.strictSame((await at.signIn()).scopes, ['openid', 'admin'])
  at.op.deviations.token = { scope: ' openid  api,read openid ' }
  t.strictSame((await at.signIn()).scopes, ['openid', 'api,read'], 'a comma may be part of a scope')
})

t.test('refusals of the token endpoint are told apart', async (t) => {
  const error = (code: string, status = 400): Misdeed => ({
    status,
    body: { error: code, error_description: 'eyJ' },
  })
  const challenge = { 'www-authenticate': 'Basic realm="x"' }
  const expected: [Misdeed, string, string][] = [
    [error('invalid_grant'), 'POSTERN_LOGIN_FAILED', 'exchange: invalid_grant'],
    [error('bad_verification_code', 200), 'POSTERN_LOGIN_FAILED', 'exchange: bad_verification_code'],
    [error('what_is_this'), 'POSTERN_LOGIN_FAILED', 'exchange: unknown error'],
    [error('invalid_client', 401), 'POSTERN_CLIENT_REFUSED', 'exchange: invalid_client'],
    [
      error('incorrect_client_credentials', 200),
      'POSTERN_CLIENT_REFUSED',
      'exchange: incorrect_client_credentials',
    ],
    [error('server_error'), 'POSTERN_PROVIDER_UNREACHABLE', 'exchange: server_error'],
    [
      { status: 401, headers: challenge, body: { error: 'invalid_client' } },
      'POSTERN_CLIENT_REFUSED',
      'exchange: invalid_client',
    ],
    [
      { status: 401, headers: challenge },
      'POSTERN_CLIENT_REFUSED',
      'exchange: unexpected answer with status 401',
    ],
    [{ status: 401 }, 'POSTERN_CLIENT_REFUSED', 'exchange: unexpected answer with status 401'],
    [
      { status: 400, body: '<html>' },
      'POSTERN_PROVIDER_INVALID',
      'exchange: unexpected answer with status 400',
    ],
  ]
  for (const [answer, code, detail] of expected) {
    const at = await hostile(t)
    at.op.deviations.answer = { token: answer }
    const thrown = await failure(at.signIn())
    t.match(thrown, { code, detail })
    t.notMatch(everythingIn(thrown), /eyJ/)
  }
})

t.test('answers that are not answers end the login in time', async (t) => {
  const json = { 'content-type': 'application/json' }
  const expected: Record<string, [Misdeed, string]> = {
    HTML: [{ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }, 'INVALID'],
    'JSON that says it is HTML': [
      { status: 200, headers: { 'content-type': 'text/html' }, body: {} },
      'INVALID',
    ],
    'broken JSON': [{ status: 200, headers: json, body: '{"access_token":"eyJ' }, 'INVALID'],
    'a JSON list': [{ status: 200, body: [] }, 'INVALID'],
    'JSON null': [{ status: 200, headers: json, body: 'null' }, 'INVALID'],
    'an empty body': [{ status: 200 }, 'INVALID'],
    'a redirect': [{ status: 302, headers: { location: 'http://169.254.169.254/' } }, 'INVALID'],
    'a temporary redirect': [{ status: 307, headers: { location: '/jwks' } }, 'INVALID'],
    'more than 1 MiB': ['flood', 'INVALID'],
    'no content': [{ status: 204 }, 'INVALID'],
    'status 502': [{ status: 502, body: '<html>' }, 'UNREACHABLE'],
    'status 429': [{ status: 429 }, 'UNREACHABLE'],
    'a hang': ['hang', 'UNREACHABLE'],
    'a drip': ['drip', 'UNREACHABLE'],
    'a drop': ['drop', 'UNREACHABLE'],
  }
  for (const [name, [answer, code]] of Object.entries(expected)) {
    const at = await hostile(t, { timeout: 400 })
    at.op.deviations.answer = { token: answer }
    const thrown = await failure(at.signIn())
    t.equal(thrown.code, `POSTERN_PROVIDER_${code}`, `${name}: ${thrown.message}`)
    t.equal(thrown.isAmbiguous, typeof answer === 'string' && answer !== 'flood', name)
    t.equal(at.op.count('token'), 1, 'asked once')
    if (name.includes('redirect')) t.match(thrown.detail, 'redirect', name)
    t.equal(at.op.count('jwks'), 1, 'no redirect is followed')
    t.notMatch(everythingIn(thrown), /eyJ/)
  }
})

t.test('UserInfo must be about the same person, as a JSON object', async (t) => {
  const json = { 'content-type': 'application/json' }
  const answers: Record<string, Misdeed> = {
    'another sub': { status: 200, body: { sub: 'mallory' } },
    'no sub': { status: 200, body: { email: 'a@example.com' } },
    'a list': { status: 200, body: [{ sub: 'alice' }] },
    'an unsigned JWT': {
      status: 200,
      headers: { 'content-type': 'application/jwt' },
      body: 'eyJhbGciOiJub25lIn0.e30.',
    },
    HTML: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
    'JSON that says it is HTML': {
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: { sub: 'alice' },
    },
    'broken JSON': { status: 200, headers: json, body: '{' },
    'a redirect': { status: 302, headers: { location: '/jwks' } },
    'a refusal': { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } },
    'not found': { status: 404 },
    flood: 'flood',
  }
  for (const [name, answer] of Object.entries(answers)) {
    const at = await hostile(t)
    at.op.deviations.answer = { userinfo: answer }
    t.equal((await failure(at.signIn())).code, 'POSTERN_PROVIDER_INVALID', name)
  }
  const at = await hostile(t)
  at.op.deviations.answer = { userinfo: { status: 503 } }
  t.match(await failure(at.signIn()), { code: 'POSTERN_PROVIDER_UNREACHABLE', isAmbiguous: false })
})

t.test('UserInfo is asked only where it is a source of claims and exists', async (t) => {
  const at = await hostile(t, { claims_from: ['id_token'] })
  await at.signIn()
  t.equal(at.op.count('userinfo'), 0)
  const without = await hostile(t)
  without.op.deviations.discovery = { userinfo_endpoint: undefined }
  t.equal((await without.signIn()).sub, 'alice')
})

t.test('the first source that has a claim wins', async (t) => {
  const userinfo = { sub: 'alice', email: 'userinfo@example.com', locale: 'de' }
  for (const [sources, email] of [
    [['id_token', 'userinfo'], 'token@example.com'],
    [['userinfo', 'id_token'], 'userinfo@example.com'],
    [['userinfo'], 'userinfo@example.com'],
  ] as const) {
    const at = await hostile(t, { claims_from: sources })
    at.op.deviations.claims = { email: 'token@example.com' }
    at.op.deviations.userinfo = userinfo
    const grant = await at.signIn()
    t.equal(grant.claims['email'], email)
    t.equal(grant.claims['locale'], 'de')
    t.equal(grant.claims['sub'], 'alice')
    t.ok(Object.isFrozen(grant.claims))
  }
})
