import t from 'tap'
import { ask, cookieLine, startSignedIn } from '../support/scene.ts'

t.test('what nobody foresaw is a denial with a request id, and the next request is served', async (t) => {
  let isBroken = false
  const clock = () => {
    if (isBroken) throw new Error('the clock stands still, secret-0123456789-0123456789-0123456789')
    return Math.floor(Date.now() / 1000)
  }
  const scene = await startSignedIn(t, { clock, provider: { accessTokenTtl: 300 } })
  const { gateway, browser, provider } = scene
  isBroken = true
  const api = await browser.fetch(`${gateway.origin}/x`)
  t.match(api.json(), { status: 500, reason: 'internal-error', request_id: /-/ })
  const page = await browser.navigate(`${gateway.origin}/x`)
  t.equal(page.status, 500)
  t.notMatch(page.body + api.body, /clock|secret/)
  const login = await ask(gateway, 'GET /oauth2/start', ['Accept: text/html'])
  t.match(login, /^HTTP\/1\.1 502 [\s\S]*Signing in did not work/)
  await gateway.logged(/the clock stands still/)
  isBroken = false
  t.equal((await browser.fetch(`${gateway.origin}/x`)).status, 200)

  // Broken while a refresh is waited for.
  gateway.advance(301)
  const old = cookieLine(scene)
  provider.behaviour.respond = () => {
    isBroken = true
    return undefined
  }
  t.match(await ask(gateway, 'GET /x', [old]), /^HTTP\/1\.1 500 /)
  isBroken = false
  t.match(await ask(gateway, 'GET /oauth2x'), /^HTTP\/1\.1 401 /)
})
