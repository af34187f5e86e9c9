import t from 'tap'
import { type CookieFacts, cookieCauses } from '../../src/pages/cookie-causes.ts'
import { type LoginProblem, loginProblemPage } from '../../src/pages/login-problem.ts'
import { refusalText } from '../../src/pages/provider-refusal.ts'

const facts = { requestId: 'r-1', prefix: '/oauth2' }
const fine: CookieFacts = {
  publicUrl: 'https://app.example.com',
  host: 'app.example.com',
  scheme: 'https',
  cookieBytes: 300,
  sameSite: 'lax',
}

t.test('the cause of a missing cookie is told from what is known', async (t) => {
  const last = 'clock-or-age'
  t.strictSame(cookieCauses(fine), [last])
  t.strictSame(cookieCauses({ ...fine, scheme: 'http' }), ['secure-over-http', last])
  t.strictSame(cookieCauses({ ...fine, publicUrl: 'http://localhost:4180', host: 'LOCALHOST:4180' }), [last])
  t.strictSame(cookieCauses({ ...fine, host: 'app.example.com:8443' }), ['other-host', last])
  t.strictSame(cookieCauses({ ...fine, domain: 'other.example' }), ['domain', last])
  t.strictSame(cookieCauses({ ...fine, domain: 'ample.com' }), ['domain', last])
  t.strictSame(cookieCauses({ ...fine, domain: '.Example.com' }), [last])
  t.strictSame(cookieCauses({ ...fine, domain: 'app.example.com' }), [last])
  t.strictSame(cookieCauses({ ...fine, sameSite: 'strict' }), ['same-site', last])
  t.strictSame(cookieCauses({ ...fine, cookieBytes: 5000 }), ['too-many-cookies', last])
  t.strictSame(cookieCauses({ ...fine, cookieBytes: 0 }), ['no-cookies-at-all', last])
})

t.test('the page shows the likeliest cause first and the others to whoever runs the site', async (t) => {
  const page = (cookie: CookieFacts) =>
    loginProblemPage({ ...facts, problem: { reason: 'login-cookie-missing', cookie } }).html
  const all = page({
    publicUrl: 'https://app.example.com',
    host: '10.0.0.1',
    scheme: 'http',
    cookieBytes: 9000,
    sameSite: 'strict',
    domain: 'x.test',
  })
  const places = [
    'plain http',
    'came back to',
    'cookie domain',
    'SameSite=Strict',
    '9000 bytes',
    'clock is wrong',
  ]
  const found = places.map((text) => all.indexOf(text))
  t.strictSame(
    found.toSorted((a, b) => a - b),
    found,
  )
  t.ok(found.every((place) => place > 0))
  t.ok(all.indexOf('<details>') > all.indexOf('plain http'))
  t.ok(all.indexOf('<details>') < all.indexOf('came back to'))
  t.notMatch(page(fine), '<details>')
  t.match(page({ ...fine, cookieBytes: 0 }), 'no cookie at all')
})

t.test('whoever goes round in circles is told what is in the way', async (t) => {
  const page = (cookie: CookieFacts) =>
    loginProblemPage({ ...facts, problem: { reason: 'login-going-round', cookie } })
  t.strictSame(cookieCauses({ ...fine, hasSession: true }), ['check-without-cookie', 'clock-or-age'])
  t.strictSame(cookieCauses({ ...fine, hasSession: false }), ['set-cookie-dropped', 'clock-or-age'])
  t.equal(page({ ...fine, hasSession: true }).status, 400)
  t.match(page({ ...fine, hasSession: true }).html, 'does not pass the <code>Cookie</code> header on')
  t.match(page({ ...fine, hasSession: false }).html, 'does not pass <code>Set-Cookie</code> on')
  t.notMatch(page({ ...fine, hasSession: true }).html, 'Allow cookies')
})

t.test('every problem has its status and a way to try again with the return target', async (t) => {
  const statuses: Record<
    Exclude<LoginProblem['reason'], 'login-cookie-missing' | 'login-going-round' | 'login-refused'>,
    number
  > = {
    'login-expired': 400,
    'login-already-used': 400,
    'login-unknown': 400,
    'provider-unreachable': 503,
    'provider-invalid': 502,
    'client-refused': 502,
    'session-too-large': 500,
    'too-many-logins': 429,
  }
  for (const [reason, status] of Object.entries(statuses)) {
    const problem = { reason } as LoginProblem
    const page = loginProblemPage({ ...facts, problem, returnTo: '/deep?a=1' })
    t.equal(page.status, status, reason)
    t.match(page.html, 'href="/oauth2/start?rd=%2Fdeep%3Fa%3D1">Try again</a>')
  }
})

t.test('a known refusal of the provider is a sentence; an unknown one at most its code', async (t) => {
  t.match(refusalText('access_denied'), { status: 403, detail: /cancelled/ })
  t.match(refusalText('temporarily_unavailable'), { status: 503 })
  t.match(refusalText('unmet_authentication_requirements'), { status: 403, detail: /as strongly/ })
  t.match(refusalText('invalid_scope'), { status: 502 })
  const page = (error: string) =>
    loginProblemPage({ ...facts, problem: { reason: 'login-refused', error } }).html
  t.match(page('made_up'), '<code>made_up</code>')
  t.notMatch(page('call +1 555 0100 now'), 'call')
  t.notMatch(page('x'.repeat(65)), 'xxx')
  t.notMatch(page('__proto__'), 'proto')
  t.match(refusalText('constructor'), { status: 403 })
})
