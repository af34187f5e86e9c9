import t from 'tap'
import { ask, cookieLine, headsAt, type Scene, startScene, startSignedIn } from '../support/scene.ts'

const html = 'Accept: text/html'

async function isSignedIn({ gateway }: Scene, cookie: string): Promise<boolean> {
  return (await ask(gateway, 'GET /oauth2/userinfo', [cookie])).startsWith('HTTP/1.1 200 ')
}

t.test('signing out ends the session here, at the provider, and comes back', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser, provider, upstream } = scene
  const cookie = cookieLine(scene)
  const page = await browser.navigate(`${gateway.origin}/oauth2/sign_out`)
  t.match(page.body, /Sign out\?[\s\S]*alice@example\.com/)
  t.equal(page.headers['referrer-policy'], 'same-origin')
  await browser.navigate(`${gateway.origin}/oauth2/start`, { follow: false })
  const left = await browser.submit(page, {}, { follow: false })
  t.equal(left.status, 303)
  t.equal(left.headers['cache-control'], 'no-store')
  t.strictSame(
    left.setCookies.map((line) => line.replace(/\.login\.[^=]+/, '.login')).sort(),
    ['postern.login', 'postern', 'postern_logins'].map(
      (name) => `${name}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; HttpOnly; SameSite=Lax`,
    ),
  )
  t.equal(browser.cookiesFor(gateway.origin), '')
  const location = new URL(left.headers.location as string)
  t.equal(location.origin, provider.issuer)
  const { id_token_hint: hint = '', ...parameters } = Object.fromEntries(location.searchParams)
  t.match(JSON.parse(Buffer.from(hint.split('.')[1] as string, 'base64url').toString()), { sub: 'alice' })
  t.strictSame(parameters, {
    client_id: 'postern',
    post_logout_redirect_uri: `${gateway.origin}/oauth2/signed_out`,
  })
  const confirm = await browser.navigate(location.href)
  const back = await browser.submit(confirm)
  t.equal(back.url, `${gateway.origin}/oauth2/signed_out`)
  t.match(back.body, /signed out/i)
  t.strictSame(
    provider.revocations.map(({ parameters, status }) => [parameters['token_type_hint'], status]),
    [
      ['refresh_token', 200],
      ['access_token', 200],
    ],
  )
  const { length } = headsAt(upstream)
  t.notOk(await isSignedIn(scene, cookie), 'a copy of the cookie is no session')
  t.match(
    await ask(gateway, 'GET /x', [cookie]),
    /^HTTP\/1\.1 401 [\s\S]*set-cookie: postern=; [\s\S]*"session-ended"/i,
  )
  t.equal(headsAt(upstream).length, length)
})

t.test('with the provider down the session ends here all the same', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser, provider } = scene
  const cookie = cookieLine(scene)
  await provider.stop()
  const answer = await browser.fetch(`${gateway.origin}/oauth2/sign_out`, { method: 'POST' })
  t.equal(answer.status, 200)
  t.match(answer.headers['content-type'], 'application/json')
  t.match(answer.json(), { signed_out: true, location: new RegExp(`^${provider.issuer}/session/end\\?`) })
  t.notOk(await isSignedIn(scene, cookie))
  await gateway.logged(/a token could not be revoked/)
})

t.test('the way back goes through the provider sealed', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser } = scene
  const leave = (rd: string) =>
    ask(gateway, `POST /oauth2/sign_out?rd=${rd}`, [
      cookieLine(scene),
      html,
      'Sec-Fetch-Mode: navigate',
      'Content-Length: 0',
    ])
  const answer = await leave('/bye%3Fx=1')
  const state = new URL(answer.match(/\r\nlocation: (\S+)/i)?.[1] as string).searchParams.get('state')
  t.match(state, /^[\w-]{60,}$/)
  t.notMatch(state, 'bye')
  const signedOut = `${gateway.origin}/oauth2/signed_out`
  const back = await browser.navigate(`${signedOut}?state=${state}`, { follow: false })
  t.strictSame([back.status, back.headers.location], [303, `${gateway.origin}/bye?x=1`])
  for (const forged of ['x', `${state}A`, '']) {
    const page = await browser.navigate(`${signedOut}?state=${forged}`, { follow: false })
    t.equal(page.status, 200, 'only the page')
    t.match(page.body, /signed out/i)
  }
  t.match((await browser.fetch(signedOut)).json(), { signed_out: true })
  // Signed out already: no provider on the way.
  t.match(await leave('/bye'), new RegExp(`\r\nlocation: ${gateway.origin}/bye\r\n`, 'i'))
  t.match(await leave('https://evil.test'), new RegExp(`\r\nlocation: ${gateway.origin}/\r\n`, 'i'))
  t.match(await leave('/a&rd=/b'), new RegExp(`\r\nlocation: ${signedOut}\r\n`, 'i'))
})

t.test('nobody is signed out by a request of another site', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, upstream } = scene
  const before = headsAt(upstream).length
  const rows: [line: string, headers: string[], status: number, text: RegExp][] = [
    ['POST', ['Sec-Fetch-Site: cross-site', html], 403, /Stopped for your safety/],
    ['POST', ['Origin: https://evil.test'], 403, /"cross-site"/],
    ['GET', [html], 200, /Sign out\?/],
    ['GET', ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Site: cross-site'], 200, /Sign out\?/],
    ['GET', ['Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Site: same-origin'], 200, /"signed_out":false/],
    ['GET', ['Accept: image/*'], 200, /"signed_out":false/],
    ['HEAD', [html], 405, /allow: POST, GET/i],
  ]
  for (const [method, headers, status, text] of rows) {
    const line = `${method} /oauth2/sign_out`
    const answer = await ask(gateway, line, [cookieLine(scene), 'Content-Length: 0', ...headers])
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), `${line} ${headers}`)
    t.match(answer, text)
    t.notMatch(answer, /set-cookie/i)
  }
  t.ok(await isSignedIn(scene, cookieLine(scene)))
  t.equal(headsAt(upstream).length, before)
  const link = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Site: same-origin']
  t.match(await ask(gateway, 'GET /oauth2/sign_out', [cookieLine(scene), ...link]), /^HTTP\/1\.1 303 /)
  t.notOk(await isSignedIn(scene, cookieLine(scene)), 'a link on a page of ours does')
})

t.test(
  'the page for signing out serves people who are not signed in, and knows them by what there is',
  async (t) => {
    const people = { alice: { scopes: [], claims: {} } }
    const { gateway, browser } = await startScene(t, { provider: { users: people } })
    const anonymous = await browser.navigate(`${gateway.origin}/oauth2/sign_out`)
    t.equal(anonymous.status, 200)
    t.notMatch(anonymous.body, /signed in as/)
    await browser.navigate(`${gateway.origin}/`)
    t.match((await browser.navigate(`${gateway.origin}/oauth2/sign_out`)).body, /signed in as <bdi>alice</)
    const out = await browser.fetch(`${gateway.origin}/oauth2/sign_out`, { method: 'POST' })
    t.equal(out.status, 200)
  },
)

t.test('userinfo tells who is signed in, and no token', async (t) => {
  const scene = await startSignedIn(t, { provider: { accessTokenTtl: 300 }, session: 'idle_timeout: 10m' })
  const { gateway, browser } = scene
  const answer = await browser.fetch(`${gateway.origin}/oauth2/userinfo`)
  t.strictSame(answer.json(), {
    sub: 'alice',
    user: 'alice',
    email: 'alice@example.com',
    name: 'Alice Adams',
    groups: ['staff'],
    preferredUsername: 'alice',
    scopes: ['openid', 'profile', 'email', 'api.read', 'api.write', 'orders:read', 'orders:write'],
  })
  t.equal(answer.headers['cross-origin-resource-policy'], 'same-origin')
  gateway.advance(301)
  t.equal(
    (await browser.fetch(`${gateway.origin}/oauth2/userinfo`)).setCookies.length,
    1,
    'it keeps the session from idling',
  )
  const nobody = await ask(gateway, 'GET /oauth2/userinfo')
  t.match(
    nobody,
    /^HTTP\/1\.1 401 [\s\S]*www-authenticate: Bearer[\s\S]*"login_required"[\s\S]*"no-session"/i,
  )
})
