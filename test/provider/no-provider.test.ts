import t from 'tap'
import type { LoginState } from '../../src/core/login-state.ts'
import { type Grant, startSession } from '../../src/core/session.ts'
import { createNoProvider } from '../../src/provider/no-provider.ts'

t.test('where nobody signs in, nobody can, and nothing keeps the gateway from being ready', async (t) => {
  const provider = createNoProvider()
  const login = {
    state: 's',
    nonce: 'n',
    codeVerifier: 'v',
    returnTo: '/',
    createdAt: 0,
  } satisfies LoginState
  const grant: Grant = { sub: 'a', claims: {}, scopes: [], tokens: { accessToken: 't', obtainedAt: 0 } }
  const refusal = { code: 'POSTERN_INTERNAL' }
  provider.start()
  t.strictSame(provider.readiness(), { ready: true })
  t.strictSame(provider.newLogin(), { state: '', nonce: '', codeVerifier: '' })
  await t.rejects(provider.authorizationUrl(login, 'https://x'), refusal)
  await t.rejects(provider.exchange(new URL('https://x'), login), refusal)
  await t.rejects(provider.refresh(startSession('id', grant, 0)), refusal)
  await t.resolves(provider.revoke(grant.tokens))
  t.equal(provider.endSessionUrl({ postLogoutRedirectUri: 'https://x' }), undefined)
  await t.resolves(provider.close())
})
