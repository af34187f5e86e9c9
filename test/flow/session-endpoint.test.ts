import t from 'tap'
import {
  ask,
  cookieLine,
  headsAt,
  type Scene,
  type SceneOptions,
  startScene,
  startSignedIn,
} from '../support/scene.ts'

type Answer = Readonly<{ signed_in: boolean; sub?: string; seconds_left?: number; login_url: string }>

/** A clock that stands still unless the test moves it, so that seconds can be counted. */
function stopped(): SceneOptions {
  const now = Math.floor(Date.now() / 1000)
  return { clock: () => now }
}

/** What the endpoint says about a Cookie header line, the one of the browser unless given. */
async function look(scene: Scene, ...lines: string[]): Promise<Answer> {
  const answer = await ask(
    scene.gateway,
    'GET /oauth2/session',
    lines.length > 0 ? lines : [cookieLine(scene)],
  )
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))
}

/** Alice is signed in, without a refresh token. */
async function startOnce(t: Parameters<typeof startScene>[0], options: SceneOptions): Promise<Scene> {
  const scene = await startScene(t, { ...stopped(), ...options })
  scene.provider.behaviour.omitRefreshToken = true
  await scene.browser.navigate(`${scene.gateway.origin}/x`)
  return scene
}

const secondsLeft = async (scene: Scene) => (await look(scene)).seconds_left
const grants = ({ provider }: Scene) => provider.tokenRequests.length

t.test('a page learns who is signed in and for how long, and nothing else', async (t) => {
  const scene = await startSignedIn(t, stopped())
  const { gateway } = scene
  const answer = await ask(gateway, 'GET /oauth2/session', [cookieLine(scene)])
  t.match(answer, /^HTTP\/1\.1 200 /)
  t.match(answer, /\r\ncontent-type: application\/json; charset=utf-8\r\n/)
  t.match(answer, /\r\ncache-control: no-store\r\n/)
  t.match(answer, /\r\nx-content-type-options: nosniff\r\n/)
  t.match(answer, /\r\ncross-origin-resource-policy: same-origin\r\n/)
  t.notMatch(answer, /set-cookie/i)
  t.strictSame(await look(scene), {
    signed_in: true,
    sub: 'alice',
    seconds_left: 3600,
    login_url: `${gateway.origin}/oauth2/start`,
  })
  const { length } = headsAt(scene.upstream)
  t.equal(length, 1, 'the upstream is not asked')
  await gateway.logged(/"reason":"session-asked"/)
})

t.test('it is not for pages of other origins', async (t) => {
  const scene = await startSignedIn(t, {
    routes: ['path: /**, access: public, cors: { origins: ["https://spa.example"], credentials: true }'],
  })
  for (const origin of ['https://spa.example', 'https://evil.test', scene.gateway.origin]) {
    const answer = await ask(scene.gateway, 'GET /oauth2/session', [cookieLine(scene), `Origin: ${origin}`])
    t.match(answer, /^HTTP\/1\.1 200 /)
    t.notMatch(answer, /access-control-/i)
  }
})

t.test('whoever is not signed in learns where to sign in', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway } = scene
  const signedOut = { signed_in: false, login_url: `${gateway.origin}/oauth2/start` }
  const seal = cookieLine(scene)
  const flipped = seal.replace(/(?<=postern=.{40})./, (letter) => (letter === 'A' ? 'B' : 'A'))
  const rows = ['X-Nothing: 1', 'Cookie: postern=', 'Cookie: postern=x', flipped, seal.slice(0, 200)]
  for (const line of rows) {
    t.strictSame(await look(scene, line), signedOut)
    t.notMatch(await ask(gateway, 'GET /oauth2/session', [line]), /set-cookie/i)
  }
  t.equal((await look(scene, seal)).signed_in, true)
  await scene.browser.fetch(`${gateway.origin}/oauth2/sign_out`, { method: 'POST' })
  t.strictSame(await look(scene, seal), signedOut, 'a cookie from before the sign-out')
})

t.test('the time left is that of the idle timeout, and looking does not lengthen it', async (t) => {
  const scene = await startSignedIn(t, { ...stopped(), session: 'idle_timeout: 10m' })
  t.equal(await secondsLeft(scene), 600)
  for (const left of [500, 400, 300, 200, 100]) {
    scene.gateway.advance(100)
    t.equal(await secondsLeft(scene), left)
    t.notMatch(await ask(scene.gateway, 'GET /oauth2/session', [cookieLine(scene)]), /set-cookie/i)
  }
  const left = scene.browser.clone()
  await scene.browser.fetch(`${scene.gateway.origin}/x`)
  t.equal(await secondsLeft(scene), 600, 'use does')
  scene.gateway.advance(99)
  t.equal(await secondsLeft({ ...scene, browser: left }), 1)
  scene.gateway.advance(1)
  t.strictSame(await look({ ...scene, browser: left }), {
    signed_in: false,
    login_url: `${scene.gateway.origin}/oauth2/start`,
  })
  scene.gateway.advance(500)
  t.equal((await look(scene)).signed_in, false)
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/x`)).status, 401)
})

t.test('or that of the absolute lifetime', async (t) => {
  const session = 'idle_timeout: none, absolute_lifetime: 2h'
  const scene = await startSignedIn(t, { ...stopped(), session, provider: { accessTokenTtl: 10_000 } })
  t.equal(await secondsLeft(scene), 7200)
  scene.gateway.advance(7199)
  t.equal(await secondsLeft(scene), 1)
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/x`)).status, 200)
  t.equal(await secondsLeft(scene), 1, 'use does not lengthen it')
  scene.gateway.advance(1)
  t.equal((await look(scene)).signed_in, false)
})

t.test('an access token that can be renewed does not count, and is not renewed', async (t) => {
  const scene = await startSignedIn(t, { ...stopped(), provider: { accessTokenTtl: 300 } })
  const { length } = scene.provider.tokenRequests
  t.equal(await secondsLeft(scene), 3600)
  scene.gateway.advance(301)
  t.equal(await secondsLeft(scene), 3299)
  t.equal(grants(scene), length)
  scene.provider.behaviour.respond = () => ({ status: 400, body: { error: 'invalid_grant' } })
  t.equal((await scene.browser.clone().fetch(`${scene.gateway.origin}/x`)).status, 401)
  t.equal((await look(scene)).signed_in, false, 'once the provider has said no')
})

t.test('one that cannot be renewed ends the session where upstreams are sent tokens', async (t) => {
  const provider = { accessTokenTtl: 300 }
  const scene = await startOnce(t, { provider })
  t.equal(await secondsLeft(scene), 300)
  scene.gateway.advance(299)
  t.equal(await secondsLeft(scene), 1)
  scene.gateway.advance(1)
  t.strictSame(await look(scene), { signed_in: false, login_url: `${scene.gateway.origin}/oauth2/start` })
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/x`)).status, 401)

  const upstreams = (origin: string) => `{ web: { url: "${origin}", token: none } }`
  const tokenless = await startOnce(t, { provider, upstreams })
  t.equal(await secondsLeft(tokenless), 3600)
  tokenless.gateway.advance(301)
  t.equal(await secondsLeft(tokenless), 3299)
})

t.test('only GET is answered', async (t) => {
  const scene = await startSignedIn(t)
  for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    const answer = await ask(scene.gateway, `${method} /oauth2/session`, [
      cookieLine(scene),
      'Content-Length: 0',
    ])
    t.match(answer, /^HTTP\/1\.1 405 /, method)
    t.match(answer, /\r\nallow: GET\r\n/)
    t.notMatch(answer, /signed_in|set-cookie/)
  }
})

t.test('the sign-in is that of the host that was asked, and below the prefix', async (t) => {
  const scene = await startScene(t, {
    server: 'prefix: /auth',
    publicUrls: (port) => [`http://localhost:${port}`, `http://127.0.0.1:${port}`],
  })
  const { gateway } = scene
  const urlFor = async (host: string) => {
    const answer = await ask(gateway, 'GET /auth/session', [`Host: ${host}`, 'X-Forwarded-Host: evil.test'])
    return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).login_url
  }
  t.equal(await urlFor(`localhost:${gateway.port}`), `http://localhost:${gateway.port}/auth/start`)
  t.equal(await urlFor(`127.0.0.1:${gateway.port}`), `http://127.0.0.1:${gateway.port}/auth/start`)
})
