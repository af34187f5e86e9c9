import t from 'tap'
import { deferred } from '../../src/core/deferred.ts'
import type { Misdeed } from '../support/hostile-provider.ts'
import { everythingIn, failure, hostile, now, sessionOf } from './setup.ts'

t.test('what a refresh leaves out stays as it was', async (t) => {
  const at = await hostile(t)
  at.op.deviations.rotation = 'none'
  const grant = await at.signIn()
  at.op.deviations.token = {
    refresh_token: undefined,
    id_token: undefined,
    scope: undefined,
    expires_in: undefined,
  }
  const session = sessionOf({
    ...grant,
    tokens: { ...grant.tokens, refreshToken: grant.tokens.refreshToken as string },
  })
  const refreshed = await at.provider.refresh(session)
  t.equal(refreshed.tokens.refreshToken, grant.tokens.refreshToken)
  t.equal(refreshed.tokens.idToken, grant.tokens.idToken)
  t.strictSame(refreshed.scopes, grant.scopes)
  t.strictSame(refreshed.claims, grant.claims)
  t.not(refreshed.tokens.accessToken, grant.tokens.accessToken)
  t.notOk('expiresAt' in refreshed.tokens, 'the old end is not taken for the new one')
})

t.test('claims of the new ID token replace those of the old one, those of UserInfo stay', async (t) => {
  const at = await hostile(t)
  at.op.deviations.claims = { groups: ['staff', 'admins'], nickname: 'al' }
  at.op.deviations.userinfo = { sub: 'alice', email: 'alice@example.com', groups: ['ignored'] }
  const session = sessionOf(await at.signIn())
  t.strictSame(session.claims['groups'], ['staff', 'admins'])
  at.op.deviations.claims = { groups: ['staff'] }
  const refreshed = await at.provider.refresh(session)
  t.strictSame(refreshed.claims['groups'], ['staff'])
  t.notOk('nickname' in refreshed.claims, 'a claim that is gone is gone')
  t.equal(refreshed.claims['email'], 'alice@example.com')
  t.equal(at.op.count('userinfo'), 1)
})

t.test('the claims of a JWT access token are renewed with it', async (t) => {
  const at = await hostile(t, { claims_from: ['id_token', 'access_token'] })
  const accessToken = (claims: Record<string, unknown>) => {
    const standard = { iss: at.op.issuer, sub: 'alice', exp: now() + 300, jti: String(Math.random()) }
    return at.op.sign({
      header: { alg: 'ES256', kid: 'good', typ: 'at+jwt' },
      claims: { ...standard, ...claims },
    })
  }
  at.op.deviations.claims = { at_hash: undefined }
  at.op.deviations.token = { access_token: await accessToken({ roles: ['a', 'b'], email: 'x' }) }
  const session = sessionOf(await at.signIn())
  t.strictSame(session.claims['roles'], ['a', 'b'])
  at.op.deviations.token = { access_token: await accessToken({ roles: ['a'] }) }
  const refreshed = await at.provider.refresh(session)
  t.strictSame(refreshed.claims['roles'], ['a'])
  t.notOk('email' in refreshed.claims)
  at.op.deviations.token = { access_token: await accessToken({ roles: ['c'] }), id_token: undefined }
  const again = await at.provider.refresh(sessionOf(refreshed))
  t.strictSame(again.claims['roles'], ['c'])

  const forged = [
    { iss: 'https://evil.example' },
    { sub: 'mallory' },
    { exp: now() - 300 },
    { exp: undefined },
  ]
  for (const claims of forged) {
    at.op.deviations.token = { access_token: await accessToken({ roles: ['root'], ...claims }) }
    t.notOk('roles' in (await at.signIn()).claims)
  }
})

t.test('a session without a refresh token cannot be refreshed', async (t) => {
  const at = await hostile(t)
  at.op.deviations.token = { refresh_token: null }
  const error = await failure(at.provider.refresh(sessionOf(await at.signIn())))
  t.equal(error.code, 'POSTERN_GRANT_REFUSED')
  t.equal(at.op.count('token'), 1)
})

t.test('a session that has no ID token takes the first one that comes', async (t) => {
  const at = await hostile(t)
  const grant = await at.signIn()
  const { idToken: _, ...tokens } = grant.tokens
  t.ok((await at.provider.refresh(sessionOf({ ...grant, tokens }))).tokens.idToken)
})

t.test('only invalid_grant refuses the grant; all else keeps the session', async (t) => {
  const error = (code: string, status = 400): Misdeed => ({ status, body: { error: code } })
  const expected: [Misdeed, Record<string, unknown>][] = [
    [error('invalid_grant'), { code: 'POSTERN_GRANT_REFUSED', isSubjectChange: false }],
    [error('invalid_grant', 401), { code: 'POSTERN_GRANT_REFUSED' }],
    [error('bad_refresh_token', 200), { code: 'POSTERN_GRANT_REFUSED' }],
    [error('invalid_client', 401), { code: 'POSTERN_CLIENT_REFUSED' }],
    [error('unauthorized_client'), { code: 'POSTERN_CLIENT_REFUSED' }],
    [error('unsupported_grant_type'), { code: 'POSTERN_CLIENT_REFUSED' }],
    [error('invalid_request'), { code: 'POSTERN_CLIENT_REFUSED' }],
    [error('invalid_scope'), { code: 'POSTERN_CLIENT_REFUSED' }],
    [error('temporarily_unavailable'), { code: 'POSTERN_PROVIDER_UNREACHABLE' }],
    [
      error('interaction_required'),
      { code: 'POSTERN_PROVIDER_INVALID', detail: 'refresh: interaction_required' },
    ],
    [error('odd'), { code: 'POSTERN_PROVIDER_INVALID', detail: 'refresh: unknown error' }],
    [error('invalid_grant', 500), { code: 'POSTERN_PROVIDER_UNREACHABLE' }],
    [
      { status: 503, headers: { 'retry-after': '7' } },
      { retryAfter: 7, isAmbiguous: false },
    ],
    [{ status: 503 }, { code: 'POSTERN_PROVIDER_UNREACHABLE', retryAfter: undefined }],
    [{ status: 429, headers: { 'retry-after': 'soon' } }, { retryAfter: undefined }],
    [{ status: 429, headers: { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' } }, { retryAfter: 0 }],
    ['drop', { code: 'POSTERN_PROVIDER_UNREACHABLE', isAmbiguous: true }],
  ]
  for (const [answer, wanted] of expected) {
    const at = await hostile(t)
    const session = sessionOf(await at.signIn())
    at.op.deviations.answer = { token: answer }
    const thrown = await failure(at.provider.refresh(session))
    t.match(thrown, wanted)
    t.notOk(everythingIn(thrown).includes(session.tokens.refreshToken as string))
  }
})

t.test('revocation sends the refresh token first and never rejects', async (t) => {
  const at = await hostile(t)
  const { tokens } = await at.signIn()
  at.op.deviations.answer = {
    revoke: ({ parameters }) =>
      parameters['token_type_hint'] === 'refresh_token'
        ? { status: 503 }
        : { status: 400, body: { error: 'invalid_client' } },
  }
  await at.provider.revoke(tokens)
  const sent = at.op.requests
    .filter(({ endpoint }) => endpoint === 'revoke')
    .map(({ parameters }) => parameters['token'])
  t.strictSame(sent, [tokens.refreshToken, tokens.accessToken])
  const warnings = at.lines.filter(({ level }) => level === 'warn')
  t.equal(warnings.length, 2)
  t.notOk(sent.some((token) => JSON.stringify(warnings).includes(token as string)))
})

t.test('that a provider revokes no access tokens is not worth a warning', async (t) => {
  const at = await hostile(t)
  const { tokens } = await at.signIn()
  at.op.deviations.answer = { revoke: { status: 400, body: { error: 'unsupported_token_type' } } }
  await at.provider.revoke(tokens)
  t.equal(at.op.count('revoke'), 2)
  t.strictSame(
    at.lines.filter(({ level }) => level === 'warn'),
    [],
  )
})

t.test('without a revocation endpoint, or a refresh token, there is less to revoke', async (t) => {
  const at = await hostile(t)
  at.op.deviations.token = { refresh_token: undefined }
  await at.provider.revoke((await at.signIn()).tokens)
  t.equal(at.op.count('revoke'), 1)
  const without = await hostile(t)
  without.op.deviations.discovery = { revocation_endpoint: undefined }
  await without.provider.revoke((await without.signIn()).tokens)
  t.equal(without.op.count('revoke'), 0)
  t.equal(without.provider.endSessionUrl({ postLogoutRedirectUri: 'http://127.0.0.1/' }), undefined)
})

t.test('the hostile provider can end a whole family of tokens', async (t) => {
  const at = await hostile(t)
  at.op.deviations.rotation = 'family'
  const first = sessionOf(await at.signIn())
  const second = sessionOf(await at.provider.refresh(first))
  t.equal((await failure(at.provider.refresh(first))).code, 'POSTERN_GRANT_REFUSED')
  t.equal((await failure(at.provider.refresh(second))).code, 'POSTERN_GRANT_REFUSED')
})

t.test('how and when somebody signed in survives a refresh that is silent about it', async (t) => {
  const at = await hostile(t, { claims_from: ['id_token', 'access_token'] })
  at.op.deviations.claims = { acr: 'mfa', amr: ['otp'], auth_time: 7 }
  const session = sessionOf(await at.signIn())
  const stated = async (claims: Record<string, unknown>, token: Record<string, unknown> = {}) => {
    at.op.deviations.claims = { nonce: undefined, auth_time: undefined, ...claims }
    at.op.deviations.token = token
    at.op.deviations.rotation = 'none'
    const { acr, amr, auth_time: authTime } = (await at.provider.refresh(session)).claims
    return [acr, amr, authTime]
  }
  t.strictSame(await stated({}), ['mfa', ['otp'], 7])
  t.strictSame(await stated({}, { id_token: undefined }), ['mfa', ['otp'], 7])
  t.strictSame(await stated({ acr: 'pwd' }), ['pwd', ['otp'], 7])
  const claims = { iss: at.op.issuer, sub: 'alice', aud: 'x', exp: now() + 300, acr: 'hw', auth_time: now() }
  const jwt = await at.op.sign({ header: { alg: 'ES256', kid: 'good' }, claims })
  const forged = { access_token: jwt }
  t.strictSame(await stated({ at_hash: undefined }, forged), ['mfa', ['otp'], 7])
  t.strictSame(await stated({}, { ...forged, id_token: undefined }), ['mfa', ['otp'], 7])
  t.match(await failure(stated({ auth_time: 8 })), {
    detail: /another auth_time/,
  })
})

t.test('a refresh under way is waited for before everything is closed', async (t) => {
  const [asked, released] = [deferred(), deferred()]
  let isSlow = false
  const at = await hostile(
    t,
    {},
    {
      fetch: async (url, init) => {
        const answer = await fetch(url, init)
        if (isSlow) {
          asked.resolve()
          await released.promise
        }
        return answer
      },
    },
  )
  const session = sessionOf(await at.signIn())
  isSlow = true
  const refreshed = at.provider.refresh(session)
  await asked.promise
  let isClosed = false
  const closed = at.provider.close().then(() => {
    isClosed = true
  })
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  t.notOk(isClosed)
  released.resolve()
  t.not((await refreshed).tokens.accessToken, session.tokens.accessToken)
  await closed
})
