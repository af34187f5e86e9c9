import t from 'tap'
import type { LoginState } from '../../src/core/login-state.ts'
import type { CookieAttributes } from '../../src/session/cookie-line.ts'
import { createLoginCookies, loginPurpose } from '../../src/session/login-cookies.ts'
import { createSealer } from '../../src/session/sealer.ts'
import { cookieHeaderOf, createClock, start } from './samples.ts'

const name = '__Host-postern'

async function createCookies(clock = createClock(), attributes: Partial<CookieAttributes> = {}) {
  const sealer = await createSealer([Buffer.alloc(32, 7)], [loginPurpose(name)])
  const all = { isSecure: true, sameSite: 'lax', ...attributes } as const
  return { ...createLoginCookies({ sealer, name, attributes: all, clock }), sealer }
}

const sampleLogin = (overrides: Partial<LoginState> = {}): LoginState => ({
  state: 'state-0-abcdefghijklmnopqrstuvwxyz',
  nonce: 'nonce-0-abcdefghijklmnopqrstuvwxyz',
  codeVerifier: 'verifier-0-abcdefghijklmnopqrstuvwxyz01234567',
  returnTo: 'https://app.example.com/orders?page=2',
  createdAt: start,
  ...overrides,
})

t.test('finds a login by its state, and by no other', async (t) => {
  const cookies = await createCookies()
  const login = sampleLogin()
  const lines = cookies.issue(login, undefined)
  t.equal(lines.length, 1)
  t.match(
    lines[0],
    /^__Host-postern\.login\.\w+\.[\w-]{8}=[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  t.notMatch(lines[0], 'state-0')
  const header = cookieHeaderOf(lines)
  t.same(cookies.find(header, login.state), { login, isExpired: false })
  t.equal(cookies.find(header, 'another state'), undefined)
  t.equal(cookies.find(undefined, login.state), undefined)
})

t.test('a login lasts ten minutes, and none comes from the future', async (t) => {
  const clock = createClock()
  const cookies = await createCookies(clock)
  const header = cookieHeaderOf(cookies.issue(sampleLogin(), undefined))
  const isExpiredAt = (now: number) => {
    clock.now = now
    return cookies.find(header, sampleLogin().state)?.isExpired
  }
  t.equal(isExpiredAt(start + 599), false)
  t.equal(isExpiredAt(start + 600), true)
  t.equal(isExpiredAt(start - 60), false)
  t.equal(isExpiredAt(start - 61), true)
})

t.test('keeps five logins of one browser and drops the oldest', async (t) => {
  const cookies = await createCookies()
  let header = 'theme=dark'
  for (let tab = 0; tab < 8; tab++) {
    const lines = cookies.issue(sampleLogin({ state: `state ${tab}`, createdAt: start + tab }), header)
    header = cookieHeaderOf(lines, header)
  }
  const found = [0, 1, 2, 3, 4, 5, 6, 7].filter((tab) => cookies.find(header, `state ${tab}`))
  t.same(found, [3, 4, 5, 6, 7])
  const junk = cookieHeaderOf([`${name}.login.?.x=1`, `${name}.login.=1`], header)
  const cleared = cookies.issue(sampleLogin({ state: 'state 9', createdAt: start + 9 }), junk).slice(1)
  t.match(cleared, [/login\.\w+\.[\w-]{8}=; Max-Age=0/, /login\.\?\.x=; Max-Age=0/, /login\.=; Max-Age=0/])
})

t.test('clears one login or all', async (t) => {
  const cookies = await createCookies()
  const first = cookieHeaderOf(cookies.issue(sampleLogin({ state: 'one' }), undefined))
  const both = cookieHeaderOf(cookies.issue(sampleLogin({ state: 'two' }), first), first)
  const after = cookieHeaderOf(cookies.clear(both, 'one'), both)
  t.notOk(cookies.find(after, 'one'))
  t.ok(cookies.find(after, 'two'))
  t.equal(cookieHeaderOf(cookies.clearAll(both), both), '')
  t.same(cookies.clear(both, 'three'), [])
  t.same(cookies.clearAll(undefined), [])
})

t.test('tries duplicates and believes only the seal', async (t) => {
  const cookies = await createCookies()
  const login = sampleLogin()
  const header = cookieHeaderOf(cookies.issue(login, undefined))
  const cookie = header.slice(0, header.indexOf('='))
  t.ok(cookies.find(`${cookie}=evil; ${header}`, login.state))
  t.ok(cookies.find(`${header}; ${cookie}=evil`, login.state))
  const moved = cookieHeaderOf(cookies.issue(sampleLogin({ state: 'other' }), undefined))
  t.equal(cookies.find(`${cookie}=${moved.slice(moved.indexOf('=') + 1)}`, login.state), undefined)
  const odd = cookies.sealer.seal(loginPurpose(name), { ...login, nonce: 1 })
  t.equal(cookies.find(`${cookie}=${odd}`, login.state), undefined)
})

t.test('gives up a return target that is too long for a cookie, not the login', async (t) => {
  const cookies = await createCookies()
  for (const length of [2000, 2600, 2700, 2800, 2900, 10_000]) {
    const login = sampleLogin({ returnTo: `https://app.example.com/${'x'.repeat(length)}` })
    const lines = cookies.issue(login, undefined)
    t.ok((lines[0] ?? '').length <= 4096)
    const found = cookies.find(cookieHeaderOf(lines), login.state)?.login.returnTo
    t.equal(found, length > 2600 ? 'https://app.example.com/' : login.returnTo, `${length}`)
  }
})

t.test('keeps what a login asks for under the seal, and finds none that could not be that', async (t) => {
  const cookies = await createCookies()
  const wish = { scopes: ['orders:write'], acr: ['urn:example:mfa'], maxAge: 300 }
  const login = sampleLogin({ wish })
  const [line = ''] = cookies.issue(login, undefined)
  t.strictSame(cookies.find(cookieHeaderOf([line]), login.state)?.login, login)
  t.notMatch(line, /orders|mfa/)
  const cookie = line.slice(0, line.indexOf('='))
  const odd = [null, 'mfa', { acr: 'mfa' }, { scopes: [1] }, { maxAge: '300' }, { maxAge: null }, { more: 1 }]
  for (const wish of odd) {
    const sealed = cookies.sealer.seal(loginPurpose(name), { ...login, wish })
    t.equal(cookies.find(`${cookie}=${sealed}`, login.state), undefined, JSON.stringify(wish))
  }
})

t.test('gives up the return target before the wish, and the wish before the login', async (t) => {
  const cookies = await createCookies()
  const kept = (acrLength: number, pathLength: number) => {
    const acr = Array.from({ length: acrLength / 40 }, (_, n) => `urn:example:${n}`.padEnd(37, 'x'))
    const returnTo = `https://app.example.com/${'x'.repeat(pathLength)}`
    const login = sampleLogin({ wish: { acr }, returnTo })
    const [line = ''] = cookies.issue(login, undefined)
    t.ok(line.length <= 4096, `${line.length}`)
    const found = cookies.find(cookieHeaderOf([line]), login.state)?.login
    return [found?.returnTo === returnTo, found?.wish?.acr?.length === acr.length]
  }
  t.strictSame(kept(800, 1800), [true, true])
  t.strictSame(kept(1200, 1800), [false, true])
  t.strictSame(kept(2400, 1800), [false, true])
  t.strictSame(kept(4000, 10), [false, false])
})

t.test('is sent on the way back from the provider, whatever the session cookie is', async (t) => {
  const line = async (attributes: Partial<CookieAttributes>) =>
    (await createCookies(createClock(), attributes)).issue(sampleLogin(), undefined)[0]
  t.match(await line({ sameSite: 'strict' }), /SameSite=Lax/)
  t.match(await line({ sameSite: 'none' }), /SameSite=None/)
})
