import t from 'tap'
import { audience, makeBearer, startServer, verdict } from '../bearer/key-server.ts'

// An ID token or refresh token that the introspection endpoint knows as active counted as an access token.

t.test('what an introspection itself calls another kind of token is no access token', async (t) => {
  const server = await startServer(t)
  const subject = makeBearer(t, { introspection: { endpoint: `${server.origin}/introspect` } })
  const answers: [claims: Record<string, unknown>, expected: string][] = [
    [{ typ: 'Bearer' }, 'verified'],
    [{ token_use: 'access' }, 'verified'],
    [{ typ: 'ID' }, 'token-type-wrong'],
    [{ typ: 'Refresh' }, 'token-type-wrong'],
    [{ typ: 'Offline' }, 'token-type-wrong'],
    [{ token_use: 'id' }, 'token-type-wrong'],
    [{ token_use: 'refresh' }, 'token-type-wrong'],
  ]
  for (const [n, [claims, expected]] of answers.entries()) {
    server.answers['/introspect'] = { active: true, aud: audience, sub: 'alice', ...claims }
    t.equal(await verdict(subject, `token-${n}`), expected, JSON.stringify(claims))
  }
})
