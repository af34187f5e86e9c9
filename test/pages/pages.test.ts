import fc from 'fast-check'
import t from 'tap'
import { badRequestPage } from '../../src/pages/bad-request.ts'
import { bodyTooLargePage } from '../../src/pages/body-too-large.ts'
import { corsRefusedPage } from '../../src/pages/cors-refused.ts'
import { crossSitePage } from '../../src/pages/cross-site.ts'
import { forbiddenPage } from '../../src/pages/forbidden.ts'
import { headersTooLargePage } from '../../src/pages/headers-too-large.ts'
import { internalPage } from '../../src/pages/internal.ts'
import type { Page } from '../../src/pages/layout.ts'
import { loginProblemPage } from '../../src/pages/login-problem.ts'
import { misdirectedPage } from '../../src/pages/misdirected.ts'
import { notAllowedPage } from '../../src/pages/not-allowed.ts'
import { notFoundPage } from '../../src/pages/not-found.ts'
import { overloadedPage } from '../../src/pages/overloaded.ts'
import { signInFirstPage } from '../../src/pages/sign-in-first.ts'
import { signOutPage } from '../../src/pages/sign-out.ts'
import { signedOutPage } from '../../src/pages/signed-out.ts'
import { unavailablePage } from '../../src/pages/unavailable.ts'
import { upstreamDownPage } from '../../src/pages/upstream-down.ts'
import { weakAuthenticationPage } from '../../src/pages/weak-authentication.ts'
import { wrongMethodPage } from '../../src/pages/wrong-method.ts'

const facts = { requestId: 'r-1', prefix: '/oauth2' }
const publicUrl = 'https://app.example.com'

/** Every page, with `text` wherever a text from outside can get. */
function everyPage(text: string): Page[] {
  const cookie = {
    publicUrl,
    host: text,
    scheme: 'http',
    cookieBytes: 0,
    sameSite: 'lax',
    domain: text,
  } as const
  return [
    badRequestPage(facts),
    bodyTooLargePage(facts),
    crossSitePage(facts),
    forbiddenPage({ ...facts, who: text, missing: { scopes: [text], anyScope: [text], claims: [text] } }),
    forbiddenPage({ ...facts, who: text, missing: { scopes: [text] }, again: text }),
    headersTooLargePage(facts),
    internalPage(facts),
    loginProblemPage({ ...facts, problem: { reason: 'login-refused', error: text }, returnTo: text }),
    loginProblemPage({ ...facts, problem: { reason: 'login-cookie-missing', cookie } }),
    loginProblemPage({
      ...facts,
      problem: { reason: 'login-going-round', cookie: { ...cookie, hasSession: true } },
    }),
    overloadedPage(facts),
    misdirectedPage({ ...facts, host: text, publicUrl }),
    notAllowedPage(facts),
    notFoundPage(facts),
    corsRefusedPage(facts),
    signInFirstPage({ ...facts, href: text }),
    signInFirstPage({ ...facts, href: text, isSignedIn: true }),
    weakAuthenticationPage({ ...facts, who: text, isTooOld: true, again: text }),
    weakAuthenticationPage({ ...facts, who: text, isTooOld: false, again: text }),
    signOutPage({ ...facts, who: text }),
    signOutPage(facts),
    signedOutPage({ ...facts, returnTo: text }),
    unavailablePage({ ...facts, retryUrl: text }),
    upstreamDownPage({ ...facts, failure: 'timeout', retryUrl: text }),
    wrongMethodPage({ ...facts, method: text, allowed: [text] }),
  ]
}

/** The shape of a page: its tags with the attribute values taken out. */
function shape(page: Page): string {
  return (page.html.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '""')).join('')
}

// With a space, so that it is no error code that could be shown.
const harmless = everyPage('a text').map(shape)

t.test('no text from outside can change the shape of any page', async () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '<script>alert(1)</script>',
      '"><svg onload=alert(1)>',
      "' onmouseover='alert(1)",
      '</title><base href=//evil.test>',
      '</style><style>*{}',
      'javascript:alert(1)',
      '<!--',
    ),
  )
  fc.assert(
    fc.property(hostile, (text) =>
      everyPage(`${text}<`).every((page, index) => shape(page) === harmless[index]),
    ),
    { numRuns: 200 },
  )
})

t.test('every page carries its title, the request id, no script and nothing from elsewhere', async (t) => {
  for (const page of everyPage('text')) {
    t.ok(page.html.includes(`<title>${page.title}</title>`))
    t.match(page.html, /Request <code>r-1<\/code>/)
    t.notMatch(page.html, /<script|<img|<link rel="stylesheet"| style="| on\w+="/)
    t.notMatch(page.html, /undefined|\[object/)
    t.equal(page.html.match(/<h1>/g)?.length, 1)
    t.ok((page.html.match(/class="button"/g) ?? []).length <= 1, 'one action at most')
    t.notMatch(page.detail, /[<>]/)
  }
})

t.test('each page has the status it stands for', async (t) => {
  t.strictSame(
    everyPage('text').map((page) => page.status),
    [
      ...[400, 413, 403, 403, 403, 431, 500, 403, 400, 400, 503, 421, 403, 404, 403, 401, 401, 403, 403],
      ...[200, 200, 200, 503, 504, 405],
    ],
  )
})

t.test('forbidden names what is missing and who is signed in, and offers another account', async (t) => {
  const missing = { scopes: ['admin'], claims: ['groups'] }
  const { html } = forbiddenPage({ ...facts, who: 'alice', missing })
  t.match(html, '<bdi>alice</bdi>')
  t.match(html, '<code>admin</code>')
  t.match(html, '<code>groups</code>')
  t.notMatch(html, 'One of these')
  t.match(html, 'href="/oauth2/sign_out"')
  t.match(forbiddenPage({ ...facts, who: 'alice', missing: { anyScope: ['x'] } }).html, 'One of these')
})

t.test('an upstream failure answers by its cause and offers a retry only when that is safe', async (t) => {
  t.equal(upstreamDownPage({ ...facts, failure: 'unreachable' }).status, 502)
  t.equal(upstreamDownPage({ ...facts, failure: 'invalid' }).status, 502)
  t.notMatch(upstreamDownPage({ ...facts, failure: 'timeout' }).html, 'Try again</a>')
  t.match(
    upstreamDownPage({ ...facts, failure: 'timeout', retryUrl: '/x?a=1&b' }).html,
    'href="/x?a=1&amp;b"',
  )
  t.notMatch(unavailablePage(facts).html, 'Try again</a>')
})

t.test('misdirected names the host asked for and one public address', async (t) => {
  const { html } = misdirectedPage({ ...facts, host: 'evil.test', publicUrl })
  t.match(html, '<bdi>evil.test</bdi>')
  t.match(html, `href="${publicUrl}"`)
})

t.test('wrong method lists what would do', async (t) => {
  const { html } = wrongMethodPage({ ...facts, method: 'PUT', allowed: ['GET', 'HEAD'] })
  t.match(html, '<code>GET</code>, <code>HEAD</code>')
})

t.test('only the sign-out page has a form, and it is a POST', async (t) => {
  for (const page of everyPage('text')) t.equal(page.hasForm, page.html.includes('<form'))
  t.match(signOutPage(facts).html, '<form method="post" action="/oauth2/sign_out">')
})

t.test('signed out leads back in', async (t) => {
  t.match(signedOutPage(facts).html, 'href="/oauth2/start?rd=%2F"')
  t.match(signedOutPage({ ...facts, returnTo: '/a?b=c&d' }).html, 'href="/oauth2/start?rd=%2Fa%3Fb%3Dc%26d"')
})

t.test('whoever sent a form too late signs in beside it, so that it can be sent again', async (t) => {
  const page = signInFirstPage({ ...facts, href: '/oauth2/start?rd=%2F' })
  t.equal(page.status, 401)
  t.match(page.html, '<a class="button" target="_blank" href="/oauth2/start?rd=%2F">')
})

t.test('whoever sent a form with too weak a sign-in does so once more beside it', async (t) => {
  const page = signInFirstPage({ ...facts, href: '/oauth2/start?rd=%2F&max_age=300', isSignedIn: true })
  t.equal(page.title, 'Sign in once more to send this')
  t.match(page.html, '<a class="button" target="_blank" href="/oauth2/start?rd=%2F&amp;max_age=300">')
})

t.test('a sign-in that is too weak or too old is told as that, with a way to ask once more', async (t) => {
  const again = '/oauth2/start?rd=%2Fx&acr_values=mfa'
  const weak = weakAuthenticationPage({ ...facts, who: 'alice', isTooOld: false, again })
  t.match(weak.title, 'stronger')
  t.match(weak.html, /<code>acr_values<\/code>[\s\S]*<code>acr<\/code>/)
  const old = weakAuthenticationPage({ ...facts, who: 'alice', isTooOld: true, again })
  t.match(old.title, 'too long ago')
  t.match(old.html, /<code>max_age<\/code>[\s\S]*<code>auth_time<\/code>/)
  for (const { html } of [weak, old]) {
    t.match(html, '<bdi>alice</bdi>')
    t.match(html, 'href="/oauth2/start?rd=%2Fx&amp;acr_values=mfa">Sign in once more</a>')
  }
})

t.test('a permission that may be asked for is the thing to do, another account beside it', async (t) => {
  const again = '/oauth2/start?rd=%2Fx&scope=admin'
  const { html } = forbiddenPage({ ...facts, who: 'alice', missing: { scopes: ['admin'] }, again })
  t.match(html, '<a class="button" href="/oauth2/start?rd=%2Fx&amp;scope=admin">Ask for permission again</a>')
  t.match(html, '<a href="/oauth2/sign_out">Use another account</a>')
})
