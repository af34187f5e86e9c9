import t from 'tap'
import type { CookieAttributes } from '../../src/session/cookie-line.ts'
import { createCookieStore, sessionPurpose } from '../../src/session/cookie-store.ts'
import { createSealer, type Sealer } from '../../src/session/sealer.ts'
import { cookieHeaderOf, createClock, sampleSession, sampleTokens, start } from './samples.ts'
import { runStoreContract } from './store-contract.ts'

const key = Buffer.alloc(32, 7)
const name = '__Host-postern'
const limits = { absolute: 3600 }
const attributes: CookieAttributes = { isSecure: true, sameSite: 'lax' }

async function createStore(
  options: { keys?: Buffer[]; name?: string; maxChunks?: number; clock?: () => number } = {},
) {
  const fullName = options.name ?? name
  const real = await createSealer(options.keys ?? [key], [sessionPurpose(fullName)])
  const counts = { opened: 0 }
  const sealer: Sealer = {
    seal: real.seal,
    open(purpose, sealed) {
      counts.opened++
      return real.open(purpose, sealed)
    },
  }
  const store = createCookieStore({
    sealer,
    name: fullName,
    attributes,
    maxChunks: options.maxChunks ?? 4,
    limits,
    clock: options.clock ?? createClock(),
    cacheSize: 100,
  })
  return { ...store, sealer, counts }
}

const bigSession = (size: number, generation = 0) =>
  sampleSession({ generation, tokens: sampleTokens({ accessToken: 'x'.repeat(size) }) })

runStoreContract('cookie store', async ({ limits, clock }) =>
  createCookieStore({
    sealer: await createSealer([key], [sessionPurpose(name)]),
    name,
    attributes,
    maxChunks: 4,
    limits,
    clock,
    cacheSize: 100,
  }),
)

t.test('writes lines of at most 4096 bytes that last as long as the session may', async (t) => {
  const store = await createStore({ clock: createClock(start + 600) })
  for (let size = 1800; size < 3200; size += 7) {
    const lines = store.write(bigSession(size), undefined)
    if (lines.some((line) => line.length > 4096)) t.fail(`too long at ${size}`)
    const { session } = store.read(cookieHeaderOf(lines))
    if (session?.tokens.accessToken.length !== size) t.fail(`lost at ${size}`)
  }
  for (const line of store.write(bigSession(9000), undefined)) {
    t.match(line, /^__Host-postern(\.[1-3])?=[\w.-]+; Max-Age=3000; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  }
})

t.test('opens no seal for a session it wrote or has opened before', async (t) => {
  const writer = await createStore()
  const header = cookieHeaderOf(writer.write(bigSession(6000), undefined))
  writer.read(header)
  t.equal(writer.counts.opened, 0)
  const reader = await createStore()
  const first = reader.read(header).session
  t.ok(first)
  t.equal(reader.read(`other=1; ${header}`).session, first)
  t.equal(reader.counts.opened, 1)
})

t.test('keeps fewer long sessions opened than short ones, since memory is what counts', async (t) => {
  const opened = async (size: number) => {
    const { write } = await createStore()
    const reader = await createStore()
    const headers = Array.from({ length: 60 }, () => cookieHeaderOf(write(bigSession(size), undefined)))
    // Another header each time: those that were read are remembered beside.
    for (const other of ['first', 'second']) {
      for (const header of headers) reader.read(`${other}=1; ${header}`)
    }
    return reader.counts.opened
  }
  t.equal(await opened(1_000), 60)
  t.equal(await opened(6_000), 120)
})

t.test('says what to do when a session is too large', async (t) => {
  const store = await createStore({ maxChunks: 1 })
  t.throws(() => store.write(bigSession(4000), undefined), {
    code: 'POSTERN_SESSION_TOO_LARGE',
    detail: /\d{4} bytes.*\d{4}.*scopes.*provider\.claims_from.*session\.cookie\.max_chunks/,
  })
})

t.test('takes cookies whole or not at all', async (t) => {
  const store = await createStore()
  const header = cookieHeaderOf(store.write(bigSession(6000, 1), undefined))
  const other = cookieHeaderOf(store.write(bigSession(6000, 2), undefined))
  const [a = '', b = '', c = ''] = header.split('; ')
  const [, otherB = ''] = other.split('; ')
  const isRead = (...cookies: string[]) => {
    const { session, isPresent } = store.read(cookies.join('; '))
    t.ok(isPresent)
    return session !== undefined
  }
  t.ok(isRead(a, b, c))
  t.ok(isRead(c, a, b), 'browsers may order them as they like')
  t.notOk(isRead(a, b), 'missing')
  t.notOk(isRead(b, c), 'missing the first')
  t.notOk(isRead(a, otherB, c), 'mixed generations')
  t.notOk(isRead(a, c.replace('.2=', '.1='), b.replace('.1=', '.2=')), 'reordered')
  for (const extra of ['.3', '.00', '.1e1', '.-1', '.10000', '.x'])
    t.notOk(isRead(a, b, c, `${name}${extra}=z`))
  t.notOk(isRead(a.replace('=1.3.', '=2.3.'), b, c), 'another generation than inside the seal')
  t.notOk(isRead(a.replace('=1.3.', '=1.2.'), b, c), 'another count')
  t.ok(isRead(a, b, c, `${name}.login.abc.def=z`), 'a login under way is no chunk')
})

t.test('finds the good one among duplicates, whichever comes first', async (t) => {
  const store = await createStore()
  const header = cookieHeaderOf(store.write(bigSession(6000), undefined))
  const evil = `${name}=evil; ${name}.1=evil`
  t.ok(store.read(`${evil}; ${header}`).session)
  t.ok(store.read(`${header}; ${evil}`).session)
})

t.test('takes shadows of its name for other cookies', async (t) => {
  const store = await createStore()
  const header = cookieHeaderOf(store.write(sampleSession(), undefined))
  for (const shadow of [
    `\u00a0${header}`,
    `=${header}`,
    header.replace('__Host', '__host'),
    header.slice(7),
  ]) {
    t.equal(store.read(shadow).session, undefined)
  }
  t.ok(store.read(`$Version=1; ${header}`).session)
})

t.test('reads no session cut or changed at any place', async (t) => {
  const store = await createStore()
  const header = cookieHeaderOf(store.write(sampleSession(), undefined))
  for (let end = name.length + 1; end < header.length; end++) {
    const cut = header.slice(0, end)
    const changed = `${cut}${header[end] === 'A' ? 'B' : 'A'}${header.slice(end + 1)}`
    if (store.read(cut).session) t.fail(`read when cut at ${end}`)
    if (store.read(changed).session) t.fail(`read when changed at ${end}`)
  }
  for (const tail of ['A', '=', '"', ' ']) t.notOk(store.read(`${header}${tail}`).session)
})

t.test('reads nothing sealed for another cookie name or of an unknown shape', async (t) => {
  const store = await createStore()
  const theirs = await createStore({ name: '__Host-other' })
  const lines = theirs.write(sampleSession(), undefined)
  t.ok(theirs.read(cookieHeaderOf(lines)).session)
  t.notOk(store.read(cookieHeaderOf(lines).replace('__Host-other', name)).session)
  const seal = (value: object) => `${name}=0.1.${store.sealer.seal(sessionPurpose(name), value)}`
  t.ok(store.read(seal({ version: 1, session: sampleSession() })).session)
  t.notOk(store.read(seal({ version: 2, session: sampleSession() })).session)
  t.notOk(store.read(seal({ version: 1, session: { ...sampleSession(), scopes: 'all' } })).session)
  t.notOk(store.read(seal({ version: 1, session: { ...sampleSession(), more: 1 } })).session)
})

t.test('keeps what a sign-in asked for in vain, and reads nothing that could not be that', async (t) => {
  const store = await createStore()
  const unmet = { scopes: ['orders:write'], acr: ['mfa', 'hw'], maxAge: 300 }
  for (const kept of [unmet, {}, { acr: [] }, { maxAge: 1 }]) {
    const session = sampleSession({ unmet: kept })
    t.strictSame(store.read(cookieHeaderOf(store.write(session, undefined))).session, session)
  }
  const line = String(store.write(sampleSession({ unmet }), undefined))
  t.notMatch(line, /mfa|orders/)
  const seal = (unmet: unknown) => {
    const value = { version: 1, session: { ...sampleSession(), unmet } }
    return `${name}=0.1.${store.sealer.seal(sessionPurpose(name), value)}`
  }
  t.ok(store.read(seal(unmet)).session)
  const odd = [null, 'mfa', [], { acr: 'mfa' }, { acr: [1] }, { scopes: 'a' }, { maxAge: '300' }, { more: 1 }]
  for (const value of odd) t.notOk(store.read(seal(value)).session, JSON.stringify(value))
})

t.test('goes on after a key rotation, and says that the session wants sealing again', async (t) => {
  const before = await createStore()
  const header = cookieHeaderOf(before.write(sampleSession(), undefined))
  const rotated = await createStore({ keys: [Buffer.alloc(32, 8), key] })
  t.match(rotated.read(header), { session: { id: sampleSession().id }, isStale: true })
  t.equal(rotated.read(header).isStale, true, 'from the cache too')
  const again = cookieHeaderOf(rotated.write(sampleSession(), header))
  t.equal(rotated.read(again).isStale, false)
  const removed = await createStore({ keys: [Buffer.alloc(32, 8)] })
  t.same(removed.read(header), { session: undefined, isStale: false, isPresent: true })
})

t.test('deletes the chunks that a smaller session no longer needs', async (t) => {
  const store = await createStore()
  const large = cookieHeaderOf(store.write(bigSession(8000), undefined))
  const lines = store.write(bigSession(10), `${large}; theme=dark`)
  t.match(lines.slice(1), [/^__Host-postern\.1=; Max-Age=0;/, /^__Host-postern\.2=; Max-Age=0;/])
  const after = cookieHeaderOf(lines, large)
  t.equal(after.split('; ').length, 1)
  t.ok(store.read(after).session)
})

t.test('clears what the request has, odd names too, and the first when there is none', async (t) => {
  const store = await createStore()
  const clear =
    /^__Host-postern(\.\d+)?=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=\/; HttpOnly; Secure;/
  t.match(store.clear(`${name}=a; ${name}=b; ${name}.00=c; x=y; ${name}.login.a.b=c`), [clear, clear])
  t.equal(store.clear(`${name}=a; ${name}=b; ${name}.00=c; ${name}.login.a.b=c`).length, 2)
  t.match(store.clear(undefined), [clear])
  const flood = Array.from({ length: 500 }, (_, index) => `${name}.${index}=x`).join('; ')
  t.ok(store.clear(flood).length <= 20)
  t.notOk(store.read(flood).session)
})

t.test('knows its cookies by name', async (t) => {
  const store = await createStore()
  t.ok(store.owns('__Host-postern.3'))
  t.notOk(store.owns('theme'))
})
