import t, { type Test } from 'tap'
import { type Scene, type SceneOptions, startScene } from '../support/scene.ts'

const rules = [
  'path: /write/**, scopes: ["orders:write"], on_missing_scope: request',
  'path: /api/**, any_scope: ["api.read", "api.write"], on_missing_scope: request',
  'path: /admin/**, scopes: [admin], on_missing_scope: request',
  'path: /forbid/**, scopes: ["orders:write"]',
  'path: /staff/**, scopes: ["orders:read"], claims: { groups: [nobody] }, on_missing_scope: request',
  'path: /**, access: authenticated',
]
const few = 'scopes: [openid, profile, email, offline_access]'

async function startSignedIn(t: Test, options: SceneOptions = {}): Promise<Scene> {
  const scene = await startScene(t, { routes: rules, providerKeys: few, ...options })
  await scene.browser.navigate(`${scene.gateway.origin}/plain`)
  return scene
}

const asked = ({ provider }: Scene) =>
  provider.authorizationRequests.map((each) => each.get('scope')?.split(' ').sort().join(' '))
const usual = ['email', 'offline_access', 'openid', 'profile']
const base = usual.join(' ')
const withWrite = [...usual, 'orders:write'].sort().join(' ')

t.test('a page that needs one more scope asks for it once, together with all there is', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser } = scene
  const page = await browser.navigate(`${gateway.origin}/write/form?x=1`)
  t.equal(page.url, `${gateway.origin}/write/form?x=1`)
  t.equal(page.status, 200)
  t.strictSame(asked(scene), [base, withWrite])
  t.equal(
    (await browser.navigate(`${gateway.origin}/forbid/x`)).status,
    200,
    'the grant is that of the session',
  )
  t.equal((await browser.navigate(`${gateway.origin}/api/x`)).status, 200)
  t.equal(
    (await browser.navigate(`${gateway.origin}/write/x`)).status,
    200,
    'and nothing was lost by the next wish',
  )
  t.equal(asked(scene).length, 3)
  t.match(asked(scene).at(-1), /api\.read api\.write .*orders:write/)
})

t.test('a scope that is not granted ends in a page that names it, not in a circle', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser, upstream } = scene
  for (const n of [1, 2]) {
    const page = await browser.navigate(`${gateway.origin}/admin/x`)
    t.equal(page.url, `${gateway.origin}/admin/x`)
    t.equal(page.status, 403)
    t.match(page.body, '<code>admin</code>')
    t.match(page.body, 'Ask for permission again')
    t.equal(asked(scene).length, 2, `asked once, at look ${n}`)
  }
  t.notMatch(upstream.bytes(), '/admin')
  const page = await browser.navigate(`${gateway.origin}/admin/x`)
  const [, again = ''] = /href="([^"]*start[^"]*)"/.exec(page.body) ?? []
  await browser.navigate(new URL(again.replaceAll('&amp;', '&'), gateway.origin).href)
  t.equal(asked(scene).length, 3, 'the button asks again')
  t.match(asked(scene).at(-1), 'admin')
})

t.test('where it is not said, nobody is sent anywhere', async (t) => {
  const scene = await startSignedIn(t)
  const page = await scene.browser.navigate(`${scene.gateway.origin}/forbid/x`)
  t.equal(page.status, 403)
  t.notMatch(page.body, 'Ask for permission again')
  t.equal(asked(scene).length, 1)
})

t.test('a script is told which scopes, and where a page could go for them', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser } = scene
  const answer = await browser.fetch(`${gateway.origin}/write/x`)
  t.equal(answer.status, 403)
  t.match(String(answer.headers['www-authenticate']), 'error="insufficient_scope"')
  t.match(String(answer.headers['www-authenticate']), 'scope="orders:write"')
  t.match(answer.json(), {
    error: 'insufficient_scope',
    scope: 'orders:write',
    login_url: `${gateway.origin}/oauth2/start?scope=orders%3Awrite`,
  })
  const { login_url: url } = answer.json() as { login_url: string }
  await browser.navigate(`${url}&rd=/plain`)
  t.equal((await browser.fetch(`${gateway.origin}/write/x`)).status, 200)
  const plain = (await browser.fetch(`${gateway.origin}/staff/x`)).json()
  t.match(plain, { error: 'insufficient_scope' })
})

t.test('a missing claim is nothing to ask for', async (t) => {
  const scene = await startSignedIn(t)
  const page = await scene.browser.navigate(`${scene.gateway.origin}/staff/x`)
  t.equal(page.status, 403)
  t.match(page.body, 'groups')
  t.equal(asked(scene).length, 2, 'for the scope it did ask')
  const answer = await scene.browser.fetch(`${scene.gateway.origin}/staff/x`)
  t.match(answer.json(), { reason: 'missing-claim', missing: { claims: ['groups'] } })
  t.notOk('www-authenticate' in answer.headers)
})

t.test('the first sign-in for a page asks for its scopes at once', async (t) => {
  const scene = await startScene(t, { routes: rules, providerKeys: few })
  t.equal((await scene.browser.navigate(`${scene.gateway.origin}/write/x`)).status, 200)
  t.strictSame(asked(scene), [withWrite])
})

t.test('a browser that keeps no session is told about cookies, however much is missing', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser } = scene
  let page = await browser.navigate(`${gateway.origin}/admin/x`, { follow: false })
  // A session cookie that never changes: the sign-ins succeed, and the old session comes back each time.
  const kept = browser
    .cookiesFor(gateway.origin)
    .split('; ')
    .filter((pair) => /^postern(?:\.\d+)?=/.test(pair))
  for (let hops = 0; page.status < 400 && hops < 60; hops += 1) {
    page = await browser.navigate(new URL(page.headers.location as string, page.url).href, { follow: false })
    for (const pair of kept)
      browser.setCookie(gateway.origin, pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
  }
  t.equal(page.status, 403)
  t.match(page.body, 'admin')
  t.ok(asked(scene).length <= 5, String(asked(scene).length))
})

t.test('who has been sent round too often is told what is missing instead', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser } = scene
  browser.setCookie(gateway.origin, 'postern_logins', '3')
  const page = await browser.navigate(`${gateway.origin}/api/x`)
  t.equal(page.status, 403)
  t.match(page.body, 'api.read')
  t.match(page.body, 'api.write')
  t.equal(asked(scene).length, 1)
})
