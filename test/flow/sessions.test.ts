import t from 'tap'
import { otherKey, testKey } from '../support/gateway.ts'
import { ask, headsAt, type Scene, startScene, startSignedIn, valuesOf } from '../support/scene.ts'

const html = 'Accept: text/html'

function sealOf({ browser, gateway }: Scene): string {
  return browser.cookiesFor(gateway.origin).match(/postern=([^;]+)/)?.[1] as string
}

/** The Set-Cookie lines of an answer in bytes. */
function setCookies(answer: string): string[] {
  return [...answer.matchAll(/\r\nset-cookie: ([^\r]*)/gi)].map(([, line]) => line as string)
}

async function isServed({ gateway, upstream }: Scene, cookie: string): Promise<boolean> {
  const { length } = headsAt(upstream)
  const answer = await ask(gateway, 'GET /x', [`Cookie: ${cookie}`])
  const isForwarded = headsAt(upstream).length > length
  return isForwarded && answer.startsWith('HTTP/1.1 200 ')
}

t.test('a session survives a restart, and a key rotation seals it anew', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser } = scene
  const first = sealOf(scene)
  await gateway.restart()
  t.strictSame((await browser.fetch(`${gateway.origin}/x`)).setCookies, [])
  await gateway.restart({ keys: [otherKey, testKey] })
  const rotated = await browser.fetch(`${gateway.origin}/x`)
  t.equal(rotated.status, 200)
  t.equal(rotated.setCookies.length, 1)
  t.not(sealOf(scene), first)
  t.strictSame((await browser.fetch(`${gateway.origin}/x`)).setCookies, [], 'once')
  await gateway.restart({ keys: [otherKey] })
  t.equal((await browser.fetch(`${gateway.origin}/x`)).status, 200)
  const stale = await ask(gateway, 'GET /x', [`Cookie: postern=${first}`])
  t.match(stale, /^HTTP\/1\.1 401 /, 'what only the removed key opens is no session')
  t.match(setCookies(stale), [/^postern=; Max-Age=0/])
})

t.test('a cookie that is not exactly ours is no session, is cleared, and is never an error', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway } = scene
  const seal = sealOf(scene)
  const [generation, count, sealed = ''] = seal.split('.')
  const flipped = (at: number) => `${seal.slice(0, at)}${seal[at] === 'A' ? 'B' : 'A'}${seal.slice(at + 1)}`
  const half = Math.floor(sealed.length / 2)
  const rows: Record<string, string> = {
    empty: 'postern=',
    garbage: 'postern=x',
    'flipped in the nonce': `postern=${flipped(6)}`,
    'flipped at the end': `postern=${flipped(seal.length - 1)}`,
    truncated: `postern=${seal.slice(0, -1)}`,
    longer: `postern=${seal}A`,
    'another generation': `postern=1.${count}.${sealed}`,
    'more chunks than there are': `postern=${generation}.2.${sealed}`,
    'a chunk too many': `postern=${seal}; postern.1=x`,
    'reordered halves': `postern=${generation}.2.${sealed.slice(half)}; postern.1=${sealed.slice(0, half)}`,
    'an odd index': `postern=${seal}; postern.01=x`,
    'an index out of range': `postern=${seal}; postern.10000=x`,
    quoted: `postern="${seal}"`,
  }
  for (const [name, cookie] of Object.entries(rows)) {
    const api = await ask(gateway, 'GET /x', [`Cookie: ${cookie}`])
    t.match(api, /^HTTP\/1\.1 401 /, name)
    t.match(setCookies(api)[0], /^postern=; Max-Age=0; .*HttpOnly; SameSite=Lax$/, name)
    const page = await ask(gateway, 'GET /x', [`Cookie: ${cookie}`, html])
    t.match(page, /^HTTP\/1\.1 302 /, name)
  }
  const spread = await ask(gateway, 'GET /x', [`Cookie: ${rows['reordered halves']}`])
  t.equal(setCookies(spread).length, 2, 'all chunks are cleared')
  t.ok(
    await isServed(
      scene,
      `postern=${generation}.2.${sealed.slice(0, half)}; postern.1=${sealed.slice(half)}`,
    ),
  )
})

t.test('an authentic cookie beside forged ones of its name is found', async (t) => {
  const scene = await startSignedIn(t)
  const good = `postern=${sealOf(scene)}`
  for (const cookie of [
    `postern=evil; ${good}`,
    `${good}; postern=evil`,
    `theme=x; postern=; ${good}; postern.x`,
  ]) {
    t.ok(await isServed(scene, cookie), cookie.slice(0, 20))
  }
})

t.test('a seal is good for one deployment, one purpose and one name', async (t) => {
  const scene = await startScene(t)
  const { gateway, browser } = scene
  await browser.navigate(`${gateway.origin}/x`, { follow: false })
  const [login = ''] = browser.cookiesFor(gateway.origin).split('; ')
  t.notOk(await isServed(scene, `postern=0.1.${login.split('=')[1]}`), 'a login is no session')
  await browser.navigate(`${gateway.origin}/x`)
  const seal = sealOf(scene)
  await gateway.restart({ session: 'cookie: { name: other }' })
  t.notOk(await isServed(scene, `other=${seal}`), 'the same keys, another name')
})

t.test('the idle timeout slides, the absolute lifetime does not', async (t) => {
  const scene = await startSignedIn(t, {
    provider: { accessTokenTtl: 86_400 },
    session: 'idle_timeout: 10m, absolute_lifetime: 30m',
  })
  const { gateway, browser } = scene
  const first = sealOf(scene)
  for (const minute of [9, 18, 27]) {
    gateway.advance(9 * 60)
    const answer = await browser.fetch(`${gateway.origin}/x`)
    t.equal(answer.status, 200, `minute ${minute}`)
    const maxAge = Number(answer.setCookies[0]?.match(/Max-Age=(\d+);/)?.[1])
    t.ok(maxAge <= (30 - minute) * 60 && maxAge > (29 - minute) * 60, 'up to the absolute end')
    t.equal(answer.headers['cache-control'], 'private, no-store')
  }
  t.notOk(
    await isServed(scene, `postern=${first}`),
    'the first seal was idle for too long, whatever came of it',
  )
  gateway.advance(3 * 60)
  t.equal((await browser.fetch(`${gateway.origin}/x`)).status, 401)
})

t.test('without an idle timeout only the absolute lifetime counts', async (t) => {
  const scene = await startSignedIn(t, {
    provider: { accessTokenTtl: 86_400 },
    session: 'idle_timeout: none, absolute_lifetime: 2h',
  })
  const { gateway, browser } = scene
  gateway.advance(7140)
  t.equal((await browser.clone().fetch(`${gateway.origin}/x`)).status, 200)
  gateway.advance(60)
  t.equal((await browser.clone().fetch(`${gateway.origin}/x`)).status, 401)
})

t.test('a large session goes in several cookies, and back into fewer', async (t) => {
  const groups = Array.from({ length: 80 }, (_, index) => `group-${index}-${'x'.repeat(20)}`)
  const people = { alice: { scopes: [], claims: { groups } } }
  const scene = await startSignedIn(t, { provider: { users: people, accessTokenTtl: 300 } })
  const { gateway, browser, upstream } = scene
  const names = () => browser.cookiesFor(gateway.origin).match(/postern(?:\.\d)?(?==)/g)
  t.ok((names()?.length ?? 0) > 1)
  t.equal((await browser.fetch(`${gateway.origin}/x`)).status, 200)
  t.strictSame(valuesOf(headsAt(upstream).at(-1), 'x-forwarded-groups'), [groups.join(',')])
  t.ok(browser.history.every(({ setCookies }) => setCookies.every((line) => line.length <= 4096)))
  const mixed = browser.cookiesFor(gateway.origin)
  people.alice.claims.groups = ['one']
  gateway.advance(301)
  t.equal((await browser.fetch(`${gateway.origin}/x`)).status, 200)
  t.strictSame(names(), ['postern'], 'what is left over of the larger one is cleared')
  const chunk = mixed.match(/postern\.1=[^;]+/)?.[0]
  t.notOk(
    await isServed(scene, `${browser.cookiesFor(gateway.origin)}; ${chunk}`),
    'two generations are none',
  )
})
