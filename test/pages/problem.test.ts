import t from 'tap'
import { insufficient, loginRequired, problem } from '../../src/pages/problem.ts'

t.test('a problem document has the members of RFC 9457 and our own', async (t) => {
  const facts = { status: 404, detail: 'No page.', reason: 'no-rule', requestId: 'r-1' }
  t.strictSame(JSON.parse(problem(facts)), {
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    detail: 'No page.',
    reason: 'no-rule',
    request_id: 'r-1',
  })
})

t.test('an API call without a session is told where to sign in', async (t) => {
  const loginUrl = 'https://app.example.com/oauth2/start?rd=%2F'
  t.match(JSON.parse(loginRequired({ reason: 'no-session', requestId: 'r-1', loginUrl })), {
    error: 'login_required',
    login_url: loginUrl,
    status: 401,
    title: 'Unauthorized',
    reason: 'no-session',
    request_id: 'r-1',
  })
})

t.test('a forbidden API call is told what is missing, by name', async (t) => {
  const missing = { scopes: ['orders:write'], anyScope: ['a', 'b'], claims: ['groups'] }
  const about = { detail: 'No.', reason: 'missing-scope', requestId: 'r-1', missing }
  const facts = { ...about, scope: ['orders:write', 'a', 'b'], loginUrl: undefined }
  t.match(JSON.parse(insufficient(facts)), {
    status: 403,
    title: 'Forbidden',
    error: 'insufficient_scope',
    scope: 'orders:write a b',
    missing: { scopes: ['orders:write'], any_scope: ['a', 'b'], claims: ['groups'] },
  })
})
