import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { problemLines, yamlWith } from '../config/support.ts'
import { type Browser, createBrowser } from '../support/browser.ts'
import { otherKey, testKey } from '../support/gateway.ts'
import { ask, headsAt, type Scene, startScene, startSignedIn, valuesOf } from '../support/scene.ts'
import { type Checks, runAttacks } from './attacks.ts'
import { createForge } from './forge.ts'
import { type Answer, answerOf, inOneGo, valuesIn } from './wire.ts'

const routes = ['path: /**, access: authenticated', 'path: /public/**, access: public']
const https = { routes, publicUrls: () => ['https://app.example.com'] }
const httpsHost = 'Host: app.example.com'
const evil = 'dGhlIHF1aWNrIGJyb3duIGZveA'

let scene: Scene
let secure: Scene

const checks: Checks = {
  'CO-01': cookieBombing,
  'CO-02': siblingDomain,
  'CO-03': duplicates,
  'CO-04': shadowing,
  'CO-05': tampering,
  'CO-06': chunkGames,
  'CO-07': crossPurpose,
  'CO-08': replayAfterSignOut,
  'CO-09': replayAfterRefresh,
  'CO-10': oneConnection,
  'CO-11': clocks,
  'CO-12': rotation,
  'CO-13': weakKeys,
  'CO-14': tooLarge,
  'CO-15': compression,
  'CO-16': cacheable,
  'CO-17': nonces,
  'CO-18': fixation,
  'CO-19': longerPath,
  'CO-20': signOutClears,
}

t.test('cookies', async (t) => {
  scene = await startSignedIn(t, { routes })
  secure = await startScene(t, https)
  await runAttacks(t, 'cookies', 'cookie-attacks.tsv', checks)
})

/** A browser that alice has just signed in with. */
async function signedIn({ gateway } = scene): Promise<Browser> {
  const browser = createBrowser()
  await browser.navigate(`${gateway.origin}/oauth2/start?rd=/public/in`)
  return browser
}

function sealOf(browser: Browser, { gateway } = scene): string {
  return browser.cookiesFor(gateway.origin).match(/postern=([^;]+)/)?.[1] as string
}

/** Whether a Cookie header opens a session, and what the answer was. */
async function open(cookie: string, { gateway } = scene, more: readonly string[] = []) {
  const answer = answerOf(await ask(gateway, 'GET /x', [`Cookie: ${cookie}`, ...more]))
  return { answer, isOpen: answer.status === 200 }
}

/** Holds the answers to cookies that are no session against each other: they differ in nothing but the request id. */
function checkRefused(t: Test, answers: readonly Answer[], name: string): void {
  const seen = new Set(
    answers.map(({ status, headers, body }) => {
      const kept = headers.filter(
        ([header]) => !/^(?:date|x-request-id|connection|keep-alive|content-length)$/.test(header),
      )
      return JSON.stringify([status, kept, body.replace(/"request_id":"[^"]*"/, '')])
    }),
  )
  t.equal(seen.size, 1, `${name}: one answer for all`)
  t.match([...seen][0], /^\[401,/, name)
  t.match([...seen][0], /postern=; Max-Age=0/, `${name}: cleared`)
}

/** Requests that the gateway lets wait on one connection. */
const ahead = 30

/** Asks with each of the cookies, many on one connection. */
async function askWithEach(cookies: readonly string[]): Promise<Answer[]> {
  const answers: Answer[] = []
  for (let at = 0; at < cookies.length; at += ahead) {
    const batch = cookies.slice(at, at + ahead).map((cookie) => ['GET /x', `Cookie: ${cookie}`])
    answers.push(...(await inOneGo(scene.gateway, batch)))
  }
  return answers
}

async function cookieBombing(t: Test): Promise<void> {
  const { gateway, upstream } = scene
  const bomb = (count: number) =>
    Array.from({ length: count }, (_, n) => `c${n}=${'x'.repeat(4090)}`).join('; ')
  const before = headsAt(upstream).length
  const client = gateway.client(
    `GET /public/x HTTP/1.1\r\nHost: ${gateway.origin.slice(7)}\r\nCookie: ${bomb(200)}\r\n\r\n`,
  )
  await client.closed
  t.equal(headsAt(upstream).length, before, 'nothing of it reaches the upstream')
  const over = answerOf(await ask(gateway, 'GET /public/x', [`Cookie: ${bomb(12)}`, 'Accept: text/html']))
  t.equal(over.status, 431)
  t.match(over.body, /<h1>/)
  const browser = await signedIn()
  const below = `${bomb(10)}; postern=${sealOf(browser)}`
  const out = answerOf(await ask(gateway, 'POST /oauth2/sign_out', [`Cookie: ${below}`, 'Content-Length: 0']))
  t.equal(out.status, 200, 'signing out works')
  t.notOk((await open(`postern=${sealOf(browser)}`)).isOpen)
}

async function siblingDomain(t: Test): Promise<void> {
  const good = `postern=${sealOf(await signedIn())}`
  for (const cookie of [
    `postern=${evil}; ${good}`,
    `${good}; postern=0.1.${evil}`,
    `postern=; postern=; ${good}`,
  ]) {
    t.ok((await open(cookie)).isOpen, 'the true one is found beside forged ones')
  }
  const plain = (await createForge({ name: '__Host-postern' })).session()
  const [pair = ''] = plain
  t.ok((await open(pair, secure, [httpsHost])).isOpen)
  for (const name of ['postern', '__Secure-postern', '__host-postern', 'Host-postern']) {
    const forged = pair.replace('__Host-postern', name)
    t.notOk((await open(forged, secure, [httpsHost])).isOpen, `${name} is not ours on https`)
  }
}

async function duplicates(t: Test): Promise<void> {
  const forge = await createForge()
  const large = { email: 'alice@example.com', groups: [random(5000)] }
  const [first = '', second = '', ...rest] = forge.session({ claims: large })
  t.equal(rest.length, 0, 'two chunks')
  for (const pairs of [
    [first.replace(/=.*/, `=${evil}`), first, second],
    [first, second, second.replace(/=.*/, `=${evil}`)],
    [second.replace(/=.*/, `=${evil}`), second, first],
  ]) {
    const { isOpen, answer } = await open(pairs.join('; '))
    t.ok(isOpen)
    t.notMatch(valuesIn(answer, 'set-cookie').join(), evil, 'the forged one is not written on')
  }
  const state = 'a-state-of-a-login'
  const login = forge.login({ state, returnTo: `${scene.gateway.origin}/kept` })
  const forged = login.replace(/=.*/, `=${evil}`)
  for (const cookie of [`${login}; ${forged}`, `${forged}; ${login}`]) {
    const answer = answerOf(
      await ask(
        scene.gateway,
        `GET /oauth2/callback?error=access_denied&iss=${encodeURIComponent(scene.provider.issuer)}&state=${state}`,
        [`Cookie: ${cookie}`, 'Accept: text/html'],
      ),
    )
    t.not(answer.status, 302, 'the login is known')
  }
}

function random(length: number): string {
  return Array.from({ length }, () => Math.floor(Math.random() * 36).toString(36)).join('')
}

async function shadowing(t: Test): Promise<void> {
  const [pair = ''] = (await createForge({ name: '__Host-postern' })).session()
  const seal = pair.slice(pair.indexOf('=') + 1)
  const utf8 = (text: string) => Buffer.from(text).toString('latin1')
  const rows: [cookie: string, isSession: boolean][] = [
    [utf8(`\u2000__Host-postern=${seal}`), false],
    [utf8(`\u0085__Host-postern=${seal}`), false],
    [`\x85__Host-postern=${seal}`, false],
    [`\xa0__Host-postern=${seal}`, false],
    [`$Version=1; __Host-postern=${seal}`, true],
    [`$__Host-postern=${seal}`, false],
    [`__host-postern=${seal}`, false],
    [`__HOST-POSTERN=${seal}`, false],
    [`=__Host-postern=${seal}`, false],
    [`"__Host-postern"=${seal}`, false],
    [`__Host-postern="${seal}"`, false],
    [`a="x; __Host-postern=${seal}"`, false],
    [`a="x, __Host-postern=${seal}`, false],
    [`%5f%5fHost-postern=${seal}`, false],
    [`__Host-postern%20=${seal}`, false],
    [`__Host-postern =${seal}`, false],
    [`__Host-postern[]=${seal}`, false],
    [`__Host-postern`, false],
  ]
  for (const [cookie, isSession] of rows) await checkShadow(t, cookie, isSession, seal)
}

/** Whether a pair counts as a session; whatever it is, an upstream never sees it under a name like ours. */
async function checkShadow(t: Test, cookie: string, isSession: boolean, seal: string): Promise<void> {
  const name = cookie.slice(0, 28).replace(/[^ -~]/g, '?')
  const { answer, isOpen } = await open(cookie, secure, [httpsHost])
  t.equal(isOpen, isSession, name)
  t.ok([200, 400, 401].includes(answer.status), name)
  const { length } = headsAt(secure.upstream)
  await ask(secure.gateway, 'GET /public/x', [httpsHost, `Cookie: ${cookie}; theme=dark`])
  const [head] = headsAt(secure.upstream).slice(length)
  const sent = valuesOf(head, 'cookie').join('; ')
  const ours = sent
    .split(';')
    .filter((pair) => /^[^a-z\d]*(?:host-?)?postern/i.test(pair.replace(/^[^=]*?%5f/i, '')))
  t.strictSame(ours, [], `${name} is not shown to an upstream`)
  if (!name.startsWith('a="x,')) t.notOk(sent.includes(seal), `${name}: nor its seal`)
}

async function tampering(t: Test): Promise<void> {
  const seal = sealOf(await signedIn())
  const other = sealOf(await signedIn())
  const [, , sealed = ''] = seal.split('.')
  const [, , otherSealed = ''] = other.split('.')
  const bytes = Buffer.from(sealed, 'base64url')
  const otherBytes = Buffer.from(otherSealed, 'base64url')
  const withBytes = (changed: Buffer) => `postern=0.1.${changed.toString('base64url')}`
  const cut = Array.from({ length: seal.length }, (_, length) => `postern=${seal.slice(0, length)}`)
  const flipped = Array.from(bytes, (byte, at) => {
    const changed = Buffer.from(bytes)
    changed[at] = byte ^ (1 << (at % 8))
    return withBytes(changed)
  })
  const lost = Array.from(bytes, (_, at) =>
    withBytes(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])),
  )
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = [...letters]
    .filter((letter) => letter !== seal.at(-1))
    .map((letter) => `postern=${seal.slice(0, -1)}${letter}`)
  const appended = ['A', '=', '==', '.', '%', '%00', '\x80', '~', ' x', '-', 'AAAA'].map(
    (more) => `postern=${seal}${more}`,
  )
  const swapped = [
    withBytes(Buffer.concat([otherBytes.subarray(0, 24), bytes.subarray(24)])),
    withBytes(Buffer.concat([bytes, otherBytes])),
    withBytes(Buffer.concat([bytes, bytes])),
    withBytes(Buffer.concat([Buffer.alloc(24), bytes.subarray(24)])),
    withBytes(bytes.reverse()),
    `postern=${seal}.${sealed}`,
    `postern=0.1.${sealed};${sealed}`.replace(';', '%3B'),
    `postern=0.1.${Buffer.from(sealed).toString('base64url')}`,
    ...(/[-_]/.test(sealed) ? [`postern=0.1.${sealed.replaceAll('-', '+').replaceAll('_', '/')}`] : []),
  ]
  for (const [name, cookies] of Object.entries({ cut, flipped, lost, last, appended, swapped })) {
    const answers = await askWithEach(cookies)
    t.equal(answers.length, cookies.length)
    checkRefused(t, answers, `${name} (${cookies.length})`)
  }
  t.ok((await open(`postern=${seal}`)).isOpen, 'untouched it is a session')
}

async function chunkGames(t: Test): Promise<void> {
  const forge = await createForge()
  const chunks = (generation = 0) => forge.session({ generation, claims: { groups: [random(8000)] } })
  const [zero = '', one = '', two = '', ...rest] = chunks()
  const [, oneOfNext = '', twoOfNext = ''] = chunks(1)
  t.strictSame([rest.length, (await open([zero, one, two].join('; '))).isOpen], [0, true])
  const named = (pair: string, name: string) => pair.replace(/^[^=]*/, name)
  const odd = ['.00', '.0', '.01', '.1e1', '.-1', '.+1', '.1.', '.10000', '.9', '.x', '.', '.1 '].map(
    (suffix) => [zero, one, two, `postern${suffix}=x`],
  )
  const rows = [
    ...[[zero], [zero, one], [zero, two], [one, two], [two], [zero, one, two, 'postern.3=x']],
    ...[
      [zero, named(one, 'postern.2'), named(two, 'postern.1')],
      [named(one, 'postern'), named(zero, 'postern.1'), two],
    ],
    ...[
      [zero, oneOfNext, two],
      [zero, one, twoOfNext],
      [zero, named(one, 'postern.1'), named(one, 'postern.2')],
    ],
    ...odd,
    Array.from({ length: 1000 }, (_, n) => `postern.${n}=x`),
    [
      zero,
      ...Array.from({ length: 40 }, () => [
        named(one, 'postern.1').slice(0, 200),
        named(two, 'postern.2').slice(0, 200),
      ]).flat(),
    ],
  ]
  for (const row of rows) {
    const { answer } = await open(row.join('; '))
    t.equal(
      answer.status,
      401,
      row
        .map((pair) => pair.slice(0, 12))
        .slice(-4)
        .join(),
    )
    const cleared = valuesIn(answer, 'set-cookie').filter((line) =>
      /^postern[^=]*=; Max-Age=0/.test(line),
    ).length
    const names = new Set(row.map((pair) => pair.slice(0, pair.indexOf('=')).trim()))
    t.ok(cleared >= Math.min(names.size, 20), `${cleared} of ${names.size} cleared`)
  }
  const flood = Array.from({ length: 10_000 }, (_, n) => `postern.${n}=x`).join('; ')
  t.equal((await open(flood)).answer.status, 431)
}

async function crossPurpose(t: Test): Promise<void> {
  const forge = await createForge()
  const session = { version: 1, session: {} }
  const named = await createForge({ name: 'other' })
  const hosted = await createForge({ name: '__Host-postern' })
  const foreign = await createForge({ key: otherKey })
  const sealIn = (pair = '') => pair.slice(pair.indexOf('=') + 1)
  const refused = [
    `0.1.${sealIn(forge.login())}`,
    `0.1.${forge.seal('return after sign-out', session)}`,
    `0.1.${forge.seal('login postern', session)}`,
    ...[named, hosted, foreign].map((other) => sealIn(other.session()[0])),
  ]
  for (const value of refused) t.notOk((await open(`postern=${value}`)).isOpen)
  const [pair = ''] = forge.session()
  t.ok((await open(pair)).isOpen)
  t.notOk(
    (await open(pair.replace('postern', '__Host-postern'), secure, [httpsHost])).isOpen,
    'http for https',
  )
  const state = 'a-state'
  const login = forge.login({ state })
  const asLogin = `${login.slice(0, login.indexOf('='))}=${sealIn(pair).slice(4)}`
  const callback = `GET /oauth2/callback?code=x&state=${state}`
  t.equal(
    answerOf(await ask(scene.gateway, callback, [`Cookie: ${asLogin}`])).status,
    302,
    'a session is no login',
  )
  for (const sealed of [sealIn(login), sealIn(pair).slice(4)]) {
    const out = answerOf(await ask(scene.gateway, `GET /oauth2/signed_out?state=${sealed}`))
    t.strictSame([out.status, valuesIn(out, 'location')], [200, []], 'neither is a way back')
  }
}

async function replayAfterSignOut(t: Test): Promise<void> {
  const own = await startSignedIn(t, { routes })
  const cookie = `postern=${sealOf(own.browser, own)}`
  t.ok((await open(cookie, own)).isOpen)
  await own.browser.fetch(`${own.gateway.origin}/oauth2/sign_out`, { method: 'POST' })
  for (const path of ['/x', '/oauth2/userinfo', '/oauth2/session']) {
    const answer = await ask(own.gateway, `GET ${path}`, [`Cookie: ${cookie}`])
    t.match(answer, /^HTTP\/1\.1 401 |"signed_in":false/, path)
  }
  await own.gateway.restart()
  const security = readFileSync(new URL('../../../SECURITY.md', import.meta.url), 'utf8').replace(/\s+/g, ' ')
  t.equal((await open(cookie, own)).isOpen, true, 'what no store means')
  t.match(security, /After a restart, or at another instance, a copy taken before the sign-out opens again/)
}

async function replayAfterRefresh(t: Test): Promise<void> {
  const own = await startSignedIn(t, {
    routes,
    provider: { accessTokenTtl: 300 },
    session: 'absolute_lifetime: 1h',
  })
  const { gateway, browser, provider, upstream } = own
  const old = `postern=${sealOf(browser, own)}`
  gateway.advance(301)
  await browser.fetch(`${gateway.origin}/x`)
  const requests = provider.tokenRequests.length
  const { answer } = await open(old, own)
  t.equal(answer.status, 200)
  t.equal(
    new Set(
      headsAt(upstream)
        .slice(-2)
        .flatMap((head) => valuesOf(head, 'authorization')),
    ).size,
    1,
    'the new token',
  )
  t.match(valuesIn(answer, 'set-cookie')[0], /^postern=1\.1\./, 'and the new cookie')
  gateway.advance(61)
  t.notOk((await open(old, own)).isOpen, 'after the grace')
  t.equal(provider.tokenRequests.length, requests, 'without a token request')
  t.equal((await browser.fetch(`${gateway.origin}/x`)).status, 200, 'the newer one lives')
  gateway.advance(3600)
  t.equal((await browser.fetch(`${gateway.origin}/x`)).status, 401, 'up to the end of the first')
}

async function oneConnection(t: Test): Promise<void> {
  const forge = await createForge()
  const [alice = '', bob = ''] = ['alice', 'bob'].map((sub) => forge.session({ sub })[0])
  const { length } = headsAt(scene.upstream)
  const order = [alice, bob, 'theme=dark', alice, `postern=${evil}`, bob]
  const answers = await inOneGo(
    scene.gateway,
    order.map((cookie, n) => [`GET /x?${n}`, `Cookie: ${cookie}`]),
  )
  t.strictSame(
    answers.map(({ status }) => status),
    [200, 200, 401, 200, 401, 200],
  )
  t.strictSame(
    headsAt(scene.upstream)
      .slice(length)
      .flatMap((head) => valuesOf(head, 'x-forwarded-user')),
    ['alice', 'bob', 'alice', 'bob'],
  )
}

async function clocks(t: Test): Promise<void> {
  const forge = await createForge()
  const now = Math.floor(Date.now() / 1000)
  const rows: [name: string, created: number, seen: number, isLive: boolean][] = [
    ['now', now, now, true],
    ['over', now - 43_201, now, false],
    ['idle', now - 7200, now - 3601, false],
    ['from tomorrow', now + 86_400, now + 86_400, false],
    ['seen tomorrow', now, now + 86_400, false],
    ['a clock half a minute ahead', now + 30, now + 30, true],
    ['of 1970', 1, 1, false],
    ['of 2100', 4_102_444_800, 4_102_444_800, false],
  ]
  for (const [name, createdAt, lastSeenAt, isLive] of rows) {
    const { isOpen } = await open(forge.session({ createdAt, lastSeenAt }).join('; '))
    t.equal(isOpen, isLive, name)
  }
  for (const createdAt of [now - 601, now + 3600]) {
    const state = `state-${createdAt}`
    const answer = await ask(scene.gateway, `GET /oauth2/callback?code=x&state=${state}`, [
      `Cookie: ${forge.login({ state, createdAt })}`,
    ])
    t.match(answer, /^HTTP\/1\.1 302 [\s\S]*\.again/, 'the login begins anew')
  }
}

async function rotation(t: Test): Promise<void> {
  const own = await startSignedIn(t, { routes, keys: [testKey] })
  const first = `postern=${sealOf(own.browser, own)}`
  await own.gateway.restart({ keys: [otherKey, testKey] })
  const { answer } = await open(first, own)
  const [sealedAnew = ''] = valuesIn(answer, 'set-cookie')
  t.match(sealedAnew, /^postern=0\.1\./)
  await own.gateway.restart({ keys: [otherKey] })
  t.ok((await open(sealedAnew.split(';')[0] as string, own)).isOpen)
  t.notOk((await open(first, own)).isOpen, 'the removed key')
}

async function weakKeys(t: Test): Promise<void> {
  const long = Buffer.from(Array.from({ length: 33 }, (_, n) => n)).toString('base64')
  const secret = Buffer.from(Array.from({ length: 32 }, (_, n) => n * 7)).toString('base64')
  const weak = [
    '',
    'changeme',
    'secret',
    'x'.repeat(32),
    'A'.repeat(43),
    'abc'.repeat(14),
    'a'.repeat(64),
    '0'.repeat(64),
  ]
  const shorter = [8, 16, 24, 31].map((length) =>
    Buffer.from(Array.from({ length }, (_, n) => n)).toString('base64'),
  )
  const placeholders = [
    '<your key here>',
    'OAUTH2_PROXY_COOKIE_SECRET',
    'REPLACE_ME_REPLACE_ME_REPLACE_ME_REPLACE_ME_',
    Buffer.alloc(32).toString('base64'),
  ]
  for (const key of [...weak, ...shorter, ...placeholders, long]) {
    const lines = problemLines(t, yamlWith({ session: `session: { keys: ["${key}"] }` }))
    t.ok(
      lines.some((line) => /session\.keys\[0\]/.test(line)),
      `${key.slice(0, 12)} is refused`,
    )
    if (key.length > 8) t.notOk(lines.join('\n').includes(key), 'and not printed')
  }
  t.not(problemLines(t, yamlWith({ session: 'session: { keys: [] }' })).length, 0)
  const shared = problemLines(
    t,
    yamlWith({
      session: `session: { keys: ["${secret}"] }`,
      provider: `provider: { issuer: https://login.example.com, client_id: postern, client_secret: "${secret}" }`,
    }),
  )
  t.match(shared.join('\n'), /client secret/, 'one secret for two purposes')
  t.notMatch(shared.join('\n'), secret)
}

async function tooLarge(t: Test): Promise<void> {
  const groups = Array.from({ length: 1200 }, (_, n) => `group-${n}-${'x'.repeat(40)}`)
  const people = { alice: { scopes: [], claims: { groups } } }
  const own = await startScene(t, { routes, provider: { users: people } })
  const page = await own.browser.navigate(`${own.gateway.origin}/x`)
  t.equal(page.status, 500)
  t.match(page.body, /does not fit into a cookie/)
  people.alice.claims.groups = groups.slice(0, 40)
  t.equal((await own.browser.navigate(`${own.gateway.origin}/x`)).status, 200)
  const lines = own.browser.history.flatMap(({ url, setCookies }) =>
    url.startsWith(own.gateway.origin) ? setCookies : [],
  )
  t.ok(lines.length > 3 && lines.every((line) => line.length <= 4096))
}

async function compression(t: Test): Promise<void> {
  const forge = await createForge()
  const sizes = ['a'.repeat(3000), random(3000), 'postern'.repeat(429).slice(0, 3000)].map(
    (claim) => forge.session({ id: 'x'.repeat(22), claims: { claim } }).join('').length,
  )
  t.equal(new Set(sizes).size, 1, 'the length says nothing about what is inside')
}

async function cacheable(t: Test): Promise<void> {
  const shared =
    'HTTP/1.1 200 OK\r\nCache-Control: public, max-age=600\r\nCDN-Cache-Control: max-age=600\r\nExpires: Thu, 01 Jan 2099 00:00:00 GMT\r\nContent-Length: 2\r\n\r\nhi'
  const own = await startSignedIn(t, {
    routes: [...routes, 'path: /optional/**, access: optional'],
    answer: shared,
    provider: { accessTokenTtl: 300 },
  })
  const { gateway, browser } = own
  const anonymous = createBrowser()
  await anonymous.navigate(`${gateway.origin}/oauth2/start`, { follow: false })
  await anonymous.navigate(`${gateway.origin}/x`, { follow: false })
  for (const path of ['/x', '/optional/x', '/public/x']) {
    gateway.advance(301)
    await browser.fetch(gateway.origin + path)
  }
  await browser.fetch(`${gateway.origin}/x`, { headers: { cookie: 'postern=evil' } })
  await browser.fetch(`${gateway.origin}/oauth2/sign_out`, { method: 'POST' })
  const answers = [...anonymous.history, ...browser.history].filter(
    ({ url, setCookies }) => url.startsWith(gateway.origin) && setCookies.length > 0,
  )
  t.ok(answers.length >= 6, `${answers.length} answers with cookies`)
  for (const { url, headers } of answers) {
    t.match(headers['cache-control'], /\b(?:private|no-store)\b/, url)
    t.notMatch(headers['cache-control'], /public|s-maxage/)
    t.notOk(headers['cdn-cache-control'])
  }
}

async function nonces(t: Test): Promise<void> {
  const forge = await createForge()
  const seen = new Set<string>()
  const bytes = Array.from({ length: 24 }, () => new Set<number>())
  for (let n = 0; n < 20_000; n += 1) {
    const nonce = Buffer.from(forge.seal('session postern', {}), 'base64url').subarray(0, 24)
    seen.add(nonce.toString('hex'))
    for (const [at, byte] of nonce.entries()) bytes[at]?.add(byte)
  }
  t.equal(seen.size, 20_000)
  t.ok(
    bytes.every(({ size }) => size === 256),
    'every byte of it is random',
  )
}

async function fixation(t: Test): Promise<void> {
  const { gateway } = scene
  const attacker = await signedIn()
  const victim = createBrowser()
  victim.setCookie(gateway.origin, 'postern', sealOf(attacker))
  await victim.navigate(`${gateway.origin}/oauth2/start?rd=/public/in`)
  t.not(sealOf(victim), sealOf(attacker))
  await attacker.fetch(`${gateway.origin}/oauth2/sign_out`, { method: 'POST' })
  t.ok((await open(`postern=${sealOf(victim)}`)).isOpen, 'a session of its own')
  const begun = await createBrowser().navigate(`${gateway.origin}/oauth2/start`, {
    stopAt: `${gateway.origin}/oauth2/callback`,
  })
  const other = createBrowser()
  const answer = await other.navigate(begun.headers.location as string, { follow: false })
  t.equal(answer.status, 302, 'the login of another browser does not end here')
  t.notMatch(other.cookiesFor(gateway.origin), /postern=/)
}

async function longerPath(t: Test): Promise<void> {
  const { gateway } = scene
  const browser = await signedIn()
  const good = sealOf(browser)
  t.ok((await open(`postern=${evil}; postern=${good}`)).isOpen)
  t.equal(
    (await ask(gateway, 'GET /oauth2/userinfo', [`Cookie: postern=${evil}; postern=${good}`])).slice(9, 12),
    '200',
  )
  const begun = await ask(gateway, 'GET /oauth2/start', [])
  const [line = ''] = valuesIn(answerOf(begun), 'set-cookie')
  const [name = ''] = line.split('=')
  const shadowed = `${name}=${evil}; ${line.split(';')[0]}`
  const toProvider = valuesIn(answerOf(begun), 'location')[0] as string
  const { headers } = await createBrowser().navigate(toProvider, { stopAt: gateway.origin })
  const ended = answerOf(
    await ask(gateway, `GET ${headers.location?.slice(gateway.origin.length)}`, [`Cookie: ${shadowed}`]),
  )
  t.equal(ended.status, 303, 'the login ends beside a shadow')
  const cookies = [line, ...valuesIn(ended, 'set-cookie')]
  t.ok(
    cookies.every((one) => /; Path=\/;/.test(one)),
    'ours are for every path',
  )
}

async function signOutClears(t: Test): Promise<void> {
  for (const session of [
    'cookie: { name: postern }',
    'cookie: { name: postern, domain: localhost, same_site: strict }',
  ]) {
    const own = await startSignedIn(t, {
      routes,
      session,
      host: session.includes('domain') ? 'app.localhost' : 'localhost',
    })
    const { gateway, browser } = own
    await browser.navigate(`${gateway.origin}/oauth2/start`, { follow: false })
    const set = browser.history.flatMap(({ url, setCookies }) =>
      url.startsWith(gateway.origin) ? setCookies : [],
    )
    t.ok(set.length >= 3)
    const out = await browser.fetch(`${gateway.origin}/oauth2/sign_out`, { method: 'POST' })
    t.equal(browser.cookiesFor(gateway.origin), '', 'the jar is empty')
    const attributesOf = (line: string) =>
      line
        .split('; ')
        .slice(1)
        .filter((part) => !/^(?:max-age|expires)=/i.test(part))
        .sort()
        .join()
    const nameOf = (line: string) => line.slice(0, line.indexOf('='))
    for (const line of out.setCookies) {
      const before = set.find((one) => nameOf(one) === nameOf(line)) as string
      t.equal(attributesOf(line), attributesOf(before), nameOf(line))
    }
  }
}
