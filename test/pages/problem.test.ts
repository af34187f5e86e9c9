import t from 'tap'
import {
  insufficient,
  loginRequired,
  problem,
  stepUpRequired,
  tokenProblem,
} from '../../src/pages/problem.ts'

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

t.test('a caller who must authenticate otherwise is told how, by the names of RFC 9470', async (t) => {
  const about = { detail: 'More is needed', reason: 'acr-insufficient', requestId: 'r-1' }
  const loginUrl = 'https://app.example.com/oauth2/start?acr_values=mfa+hw&max_age=300'
  const facts = { ...about, acr: ['mfa', 'hw'], maxAge: 300, loginUrl }
  t.strictSame(JSON.parse(stepUpRequired(facts)), {
    error: 'insufficient_user_authentication',
    error_description: 'More is needed',
    acr_values: 'mfa hw',
    max_age: 300,
    login_url: loginUrl,
    type: 'about:blank',
    title: 'Unauthorized',
    status: 401,
    detail: 'More is needed',
    reason: 'acr-insufficient',
    request_id: 'r-1',
  })
  const bare = JSON.parse(stepUpRequired({ ...about, acr: [], maxAge: undefined, loginUrl: undefined }))
  for (const name of ['acr_values', 'max_age', 'login_url']) t.notOk(name in bare, name)
})

t.test('a caller is told what is missing: a token, a better one, a permission to ask for', async (t) => {
  const about = { reason: 'no-token', requestId: 'r-1' }
  const without = JSON.parse(loginRequired({ ...about, loginUrl: undefined }))
  t.match(without, { error: 'token_required', status: 401 })
  t.notOk('login_url' in without)
  const bad = { ...about, status: 401, error: 'invalid_token', detail: 'The token has expired' }
  t.match(JSON.parse(tokenProblem(bad)), {
    error: 'invalid_token',
    error_description: 'The token has expired',
  })
  const loginUrl = 'https://app.example.com/oauth2/start?scope=a'
  const lacking = { ...about, detail: 'No.', missing: { scopes: ['a'] }, scope: ['a'], loginUrl }
  t.match(JSON.parse(insufficient(lacking)), { error: 'insufficient_scope', login_url: loginUrl })
  const claims = JSON.parse(
    insufficient({ ...lacking, missing: { claims: ['x'] }, scope: undefined, loginUrl: undefined }),
  )
  for (const name of ['error', 'scope', 'login_url']) t.notOk(name in claims, name)
})
