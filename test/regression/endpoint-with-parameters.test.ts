import t from 'tap'
import { hostile, newLogin, redirectUri } from '../provider/setup.ts'

t.test('what the address of an endpoint brings along repeats none of our parameters', async (t) => {
  const at = await hostile(t)
  const evil =
    'tenant=1&client_id=evil&redirect_uri=https://evil.example/&post_logout_redirect_uri=https://evil.example/'
  at.op.deviations.discovery = {
    authorization_endpoint: `${at.op.issuer}/authorize?${evil}`,
    end_session_endpoint: `${at.op.issuer}/end_session?${evil}`,
  }
  const begin = new URL(await at.provider.authorizationUrl(newLogin(at.provider), redirectUri)).searchParams
  t.strictSame(begin.getAll('client_id'), ['postern'])
  t.strictSame(begin.getAll('redirect_uri'), [redirectUri])
  t.equal(begin.get('tenant'), '1')
  const end = new URL(at.provider.endSessionUrl({ postLogoutRedirectUri: redirectUri }) as string)
    .searchParams
  t.strictSame(end.getAll('client_id'), ['postern'])
  t.strictSame(end.getAll('post_logout_redirect_uri'), [redirectUri])
  t.equal(end.get('tenant'), '1')
})
