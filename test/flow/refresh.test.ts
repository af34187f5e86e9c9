import t, { type Test } from 'tap'
import { type Browser, type BrowserResponse, createBrowser } from '../support/browser.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { startProvider, type TestProvider } from '../support/provider.ts'
import { type Recorder, startRecorder } from '../support/recorder.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'

type Scene = {
  provider: TestProvider
  upstream: Recorder
  gateway: Gateway
  browser: Browser
  refreshes: () => number
}

/** Alice, signed in; access tokens live 300 seconds and are renewed 60 seconds ahead at the latest. */
async function signedIn(t: Test, more: { providerKeys?: string; session?: string } = {}): Promise<Scene> {
  const provider = await startProvider(t, { accessTokenTtl: 300 })
  const upstream = await startRecorder(ok)
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    provider,
    providerKeys: `authorization_params: { login_hint: alice }${more.providerKeys ?? ''}`,
    upstream: upstream.origin,
    routes: ['path: /**, access: authenticated'],
    ...(more.session && { session: more.session }),
  })
  const browser = createBrowser()
  t.equal((await browser.navigate(`${gateway.origin}/`)).status, 200)
  const refreshes = () =>
    provider.tokenRequests.filter(({ parameters }) => parameters['grant_type'] === 'refresh_token').length
  return { provider, upstream, gateway, browser, refreshes }
}

function bearers(upstream: Recorder): string[] {
  return [...upstream.bytes().matchAll(/\r\nAuthorization: Bearer (\S+)\r\n/gi)].map(
    ([, token]) => token as string,
  )
}

t.test(
  '200 parallel requests at expiry make one token request, and late ones with the old cookie none',
  async (t) => {
    const { gateway, upstream, browser, refreshes } = await signedIn(t)
    const [oldToken] = bearers(upstream)
    gateway.advance(301)
    const old = Array.from({ length: 200 }, () => browser.clone())
    const answers = await Promise.all(old.map((copy) => copy.fetch(`${gateway.origin}/data`)))
    t.equal(answers.filter(({ status }) => status === 200).length, 200)
    t.equal(refreshes(), 1)
    t.ok(
      answers.every(({ setCookies }) => setCookies.length > 0),
      'each answer brings the new cookie',
    )
    const tokens = new Set(bearers(upstream).slice(1))
    t.equal(tokens.size, 1, 'all went on with one new token')
    t.notOk(tokens.has(oldToken as string))

    const late = await Promise.all(
      Array.from({ length: 20 }, () => browser.clone().fetch(`${gateway.origin}/late`)),
    )
    t.ok(late.every(({ status, setCookies }) => status === 200 && setCookies.length > 0))
    t.equal(refreshes(), 1, 'no token request for the late ones')

    gateway.advance(301)
    const next = await (old[0] as Browser).fetch(`${gateway.origin}/next`)
    t.equal(next.status, 200, 'and the grant is alive: the next refresh works')
    t.equal(refreshes(), 2)
  },
)

t.test('while the access token lives, one request refreshes and the others do not wait', async (t) => {
  const { gateway, provider, browser, refreshes } = await signedIn(t)
  gateway.advance(270)
  let release = () => {}
  const held = new Promise<undefined>((resolve) => {
    release = () => resolve(undefined)
  })
  provider.behaviour.respond = () => held
  const answers: BrowserResponse[] = []
  let all: Promise<void>[] = []
  // The provider keeps the one waiting that refreshes.
  await new Promise<void>((ninetyNineAnswered) => {
    all = Array.from({ length: 100 }, async () => {
      answers.push(await browser.clone().fetch(`${gateway.origin}/data`))
      if (answers.length === 99) ninetyNineAnswered()
    })
  })
  t.ok(answers.every(({ status, setCookies }) => status === 200 && setCookies.length === 0))
  release()
  await Promise.all(all)
  t.ok((answers.at(-1)?.setCookies.length ?? 0) > 0, 'and that one brings the new cookie')
  t.equal(refreshes(), 1)
})

t.test('an old cookie after the result was forgotten ends nothing for the newer session', async (t) => {
  const { gateway, browser, refreshes } = await signedIn(t)
  const old = browser.clone()
  gateway.advance(301)
  t.equal((await browser.fetch(`${gateway.origin}/a`)).status, 200)
  gateway.advance(61)
  const answer = await old.fetch(`${gateway.origin}/b`)
  t.equal(answer.status, 401)
  t.strictSame(answer.setCookies, [], 'no cookie is cleared')
  t.equal(refreshes(), 1, 'the spent refresh token was not sent again')
  t.equal((await browser.fetch(`${gateway.origin}/c`)).status, 200, 'the newer session lives')
})

t.test('a client that hangs up does not abort the refresh', async (t) => {
  const { gateway, provider, browser, refreshes } = await signedIn(t)
  gateway.advance(301)
  let release = () => {}
  const asked = new Promise<void>((resolve) => {
    provider.behaviour.respond = () => {
      resolve()
      return new Promise<undefined>((done) => {
        release = () => done(undefined)
      })
    }
  })
  const cookie = browser.cookiesFor(gateway.origin)
  const host = gateway.origin.slice(7)
  const client = gateway.client(`GET /gone HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\n\r\n`)
  await asked
  client.socket.destroy()
  release()
  t.equal((await browser.fetch(`${gateway.origin}/next`)).status, 200)
  t.equal(refreshes(), 1)
})

t.test('signing out during a refresh stays signed out, and the fresh token is revoked', async (t) => {
  const { gateway, provider, browser } = await signedIn(t)
  gateway.advance(301)
  const copy = browser.clone()
  let release = () => {}
  const asked = new Promise<void>((resolve) => {
    provider.behaviour.respond = (path) => {
      if (path !== '/token') return undefined
      resolve()
      return new Promise<undefined>((done) => {
        release = () => done(undefined)
      })
    }
  })
  const pending = copy.fetch(`${gateway.origin}/data`)
  await asked
  const out = await browser.fetch(`${gateway.origin}/oauth2/sign_out`, { method: 'POST' })
  t.equal(out.status, 200)
  release()
  t.equal((await pending).status, 401)
  t.equal((await copy.fetch(`${gateway.origin}/again`)).status, 401)
})

t.test(
  'the provider being down keeps the session: 503 with Retry-After, then all is well again',
  async (t) => {
    const { gateway, provider, browser } = await signedIn(t)
    provider.behaviour.respond = () => ({ status: 503, body: 'down' })
    gateway.advance(270)
    t.equal((await browser.fetch(`${gateway.origin}/a`)).status, 200, 'the access token still lives')
    gateway.advance(31)
    const answer = await browser.fetch(`${gateway.origin}/b`)
    t.equal(answer.status, 503)
    t.match(answer.headers['retry-after'], /^\d+$/)
    t.match(answer.headers['content-type'], 'application/problem+json')
    t.strictSame(answer.setCookies, [])
    const page = await browser.navigate(`${gateway.origin}/b`)
    t.equal(page.status, 503)
    t.match(page.headers['content-type'], 'text/html')
    provider.behaviour.respond = undefined
    gateway.advance(31)
    t.equal((await browser.fetch(`${gateway.origin}/c`)).status, 200)
  },
)

t.test('invalid_client is our own mistake: 502, the session is kept', async (t) => {
  const { gateway, provider, browser } = await signedIn(t)
  gateway.advance(301)
  provider.behaviour.respond = () => ({ status: 401, body: { error: 'invalid_client' } })
  const answer = await browser.fetch(`${gateway.origin}/a`)
  t.equal(answer.status, 502)
  t.strictSame(answer.setCookies, [])
  provider.behaviour.respond = undefined
  gateway.advance(31)
  t.equal((await browser.fetch(`${gateway.origin}/b`)).status, 200)
})

t.test('invalid_grant ends the session: an API call gets 401, a navigation goes to the login', async (t) => {
  const { gateway, provider, browser } = await signedIn(t)
  gateway.advance(301)
  provider.behaviour.respond = () => ({ status: 400, body: { error: 'invalid_grant' } })
  const api = await browser.clone().fetch(`${gateway.origin}/a`)
  t.equal(api.status, 401)
  t.match(api.setCookies.join('\n'), /postern=; Max-Age=0/)
  const page = await browser.navigate(`${gateway.origin}/a`, { follow: false })
  t.equal(page.status, 302)
})

t.test('without a refresh token an expired access token is never forwarded', async (t) => {
  const provider = await startProvider(t, { accessTokenTtl: 300 })
  provider.behaviour.omitRefreshToken = true
  const upstream = await startRecorder(ok)
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    provider,
    providerKeys: 'authorization_params: { login_hint: alice }',
    upstream: `{ web: { url: "${upstream.origin}" }, plain: { url: "${upstream.origin}", token: none } }`,
    routes: ['path: /**, access: authenticated', 'path: /plain/**, access: authenticated, upstream: plain'],
  })
  const browser = createBrowser()
  await browser.navigate(`${gateway.origin}/`)
  gateway.advance(301)
  const before = upstream.bytes()
  t.equal((await browser.fetch(`${gateway.origin}/api`)).status, 401)
  t.equal(upstream.bytes(), before)
  t.equal(
    (await browser.navigate(`${gateway.origin}/page`)).status,
    200,
    'a navigation goes through the provider',
  )
  gateway.advance(301)
  t.equal(
    (await browser.fetch(`${gateway.origin}/plain/x`)).status,
    200,
    'where nothing is forwarded it lives on',
  )
})
