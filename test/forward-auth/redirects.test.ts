import t, { type Test } from 'tap'
import { answerOf } from '../support/check.ts'
import { ask, startScene } from '../support/scene.ts'

const server = 'trusted_proxies: [127.0.0.1]'
const forwardAuth = 'preset: nginx'

/** Where a login that is begun like this comes back to: the browser goes through with it. */
async function scene(t: Test, options: Parameters<typeof startScene>[1] = {}) {
  const { gateway, browser } = await startScene(t, { server, forwardAuth, ...options })
  const landing = async (path: string, headers: Record<string, string> = {}) => {
    const begun = await browser.navigate(gateway.origin + path, { follow: false, headers })
    t.equal(begun.status, 302)
    const stop = { stopAt: `${gateway.origin}/oauth2/callback` }
    const returned = await browser.navigate(begun.headers.location as string, stop)
    const done = await browser.navigate(returned.headers.location as string, { follow: false })
    t.equal(done.status, 303)
    browser.setCookie(gateway.origin, 'postern_logins', undefined)
    return done.headers.location as string
  }
  return { gateway, browser, landing, own: gateway.origin }
}

t.test('the first of rd, X-Auth-Request-Redirect and X-Forwarded-Uri that is there counts', async (t) => {
  const { landing, own } = await scene(t)
  const redirect = { 'x-auth-request-redirect': '/two?x=1' }
  const host = new URL(own).host
  const uri = { 'x-forwarded-proto': 'http', 'x-forwarded-host': host, 'x-forwarded-uri': '/three?x=1' }
  t.equal(await landing('/oauth2/start?rd=%2Fone', { ...redirect, ...uri }), `${own}/one`)
  t.equal(await landing('/oauth2/start', { ...redirect, ...uri }), `${own}/two?x=1`)
  t.equal(await landing('/oauth2/start', uri), `${own}/three?x=1`)
  t.equal(await landing('/oauth2/start', { 'x-forwarded-uri': '/bare' }), `${own}/bare`)
  t.equal(await landing('/oauth2/start'), `${own}/`)
  t.equal(await landing('/oauth2/start', { 'x-auth-request-redirect': '/oauth2/start' }), `${own}/`)
  t.equal(await landing('/oauth2/start', { 'x-auth-request-redirect': 'https://evil.test/' }), `${own}/`)
  t.equal(await landing('/oauth2/start?rd=/a&rd=/b', redirect), `${own}/`, 'two are none')
})

t.test('headers of whoever is not trusted lead nowhere', async (t) => {
  const { landing, own } = await scene(t, { server: 'trusted_proxies: [192.0.2.1]' })
  t.equal(await landing('/oauth2/start', { 'x-auth-request-redirect': '/two' }), `${own}/`)
  t.equal(await landing('/oauth2/start', { 'x-forwarded-uri': '/three' }), `${own}/`)
})

t.test('an address that nginx did not escape arrives whole', async (t) => {
  const { landing, own } = await scene(t)
  const page = `${own}/page?a=1&b=2&rd=%2Fx&max_age=3`
  t.equal(await landing(`/oauth2/sign_in?rd=${page}`), page)
  t.equal(await landing('/oauth2/sign_in?rd=/page?a=1&b=2'), `${own}/page?a=1&b=2`)
  t.equal(await landing(`/oauth2/sign_in?rd=${own}/page&max_age=3`), `${own}/page`, 'nothing to join')
  t.equal(await landing(`/oauth2/sign_in?rd=${encodeURIComponent(page)}`), page)
  t.equal(await landing('/oauth2/sign_in?rd=https://evil.test/?a=1&b=2'), `${own}/`)
})

t.test('redirect.allowed_hosts are compared by label, port and scheme', async (t) => {
  const allowedHosts = ['*.apps.test', 'wiki.test:8443', 'plain.test:80']
  const { landing, own } = await scene(t, { allowedHosts })
  const rows: [rd: string, isAllowed: boolean][] = [
    ['http://a.apps.test/x?y=1', true],
    ['http://a.b.apps.test/', true],
    ['http://apps.test/', false],
    ['http://evilapps.test/', false],
    ['http://a.apps.test:8080/', false],
    ['http://a.apps.test.evil.test/', false],
    ['http://.apps.test/', false],
    ['http://wiki.test:8443/', true],
    ['http://wiki.test/', false],
    ['http://plain.test/', true],
    ['http://plain.test:80/', true],
    ['https://a.apps.test/', false],
    ['http://user@a.apps.test/', false],
    ['http://a.apps.test/oauth2/sign_out', false],
    ['//a.apps.test/', false],
  ]
  for (const [rd, isAllowed] of rows) {
    const target = await landing(`/oauth2/start?rd=${encodeURIComponent(rd)}`)
    t.equal(target, isAllowed ? new URL(rd).href : `${own}/`, rd)
  }
})

t.test('signing out may lead there too', async (t) => {
  const { gateway } = await scene(t, { allowedHosts: ['other.test'] })
  const to = async (rd: string) => {
    const head = await ask(gateway, `POST /oauth2/sign_out?rd=${encodeURIComponent(rd)}`, [
      'Accept: text/html',
    ])
    return answerOf(head).headers['location']?.[0]
  }
  t.equal(await to('http://other.test/bye'), 'http://other.test/bye')
  t.not(await to('http://evil.test/bye'), 'http://evil.test/bye')
})
