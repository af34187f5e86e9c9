import t from 'tap'
import type { SessionLimits } from '../../src/core/session.ts'
import type { SessionStore } from '../../src/session/session-store.ts'
import { cookieHeaderOf, createClock, sampleSession, sampleTokens, start } from './samples.ts'

/** Makes a store under test; stores made with the same clock and limits see the same sessions. */
export type StoreFactory = (options: { limits: SessionLimits; clock: () => number }) => Promise<SessionStore>

/** What every session store must do, wherever it keeps the sessions. */
export function runStoreContract(name: string, createStore: StoreFactory): void {
  const limits = { absolute: 3600, idle: 600 }

  t.test(`${name}: gives back what was written, also to another process`, async (t) => {
    const clock = createClock()
    const store = await createStore({ limits, clock })
    const session = sampleSession({ generation: 3, claims: { nested: { roles: ['a'] }, none: null } })
    const header = cookieHeaderOf(await store.write(session, undefined))
    const expected = { session, isStale: false, isPresent: true }
    t.same(await store.read(header), expected)
    const other = await createStore({ limits, clock })
    t.same(await other.read(header), expected)
    t.same(await other.read(`theme=dark; ${header}; lang=en`), expected)
    t.same(await other.read(header), expected, 'and a second time')
  })

  t.test(`${name}: keeps sessions without the optional tokens`, async (t) => {
    const clock = createClock()
    const store = await createStore({ limits, clock })
    const session = sampleSession({ tokens: { accessToken: 'a', obtainedAt: start } })
    const header = cookieHeaderOf(await store.write(session, undefined))
    const other = await createStore({ limits, clock })
    t.strictSame((await other.read(header)).session, session)
  })

  t.test(`${name}: finds nothing where nothing is`, async (t) => {
    const store = await createStore({ limits, clock: createClock() })
    for (const header of [undefined, '', 'theme=dark']) {
      t.same(await store.read(header), { session: undefined, isStale: false, isPresent: false })
    }
  })

  t.test(`${name}: ends sessions by absolute lifetime, idle timeout and an impossible date`, async (t) => {
    const clock = createClock()
    const store = await createStore({ limits, clock })
    const header = cookieHeaderOf(await store.write(sampleSession({ lastSeenAt: start }), undefined))
    const busy = sampleSession({ id: 'busy', lastSeenAt: start + 3500 })
    const busyHeader = cookieHeaderOf(await store.write(busy, undefined))
    const isLive = async (cookies: string, now: number) => {
      clock.now = now
      const fresh = await createStore({ limits, clock })
      const lives = (await store.read(cookies)).session !== undefined
      t.equal((await fresh.read(cookies)).session !== undefined, lives, 'remembered or not')
      return lives
    }
    t.equal(await isLive(header, start + 599), true)
    t.equal(await isLive(header, start + 600), false)
    t.equal(await isLive(busyHeader, start + 3599), true)
    t.equal(await isLive(busyHeader, start + 3600), false)
    t.equal(await isLive(header, start - 60), true)
    t.equal(await isLive(header, start - 86_400), false)
    t.equal((await store.read(header)).isPresent, true, 'so that its cookies can be cleared')
  })

  t.test(`${name}: gives out sessions that nobody can change`, async (t) => {
    const clock = createClock()
    const store = await createStore({ limits, clock })
    const header = cookieHeaderOf(await store.write(sampleSession(), undefined))
    for (const reader of [store, await createStore({ limits, clock })]) {
      const { session } = await reader.read(header)
      t.ok(isFrozen(session))
    }
  })

  t.test(`${name}: leaves nothing behind when it clears`, async (t) => {
    const store = await createStore({ limits, clock: createClock() })
    const tokens = sampleTokens({ accessToken: 'x'.repeat(6000) })
    const header = cookieHeaderOf(await store.write(sampleSession({ tokens }), undefined))
    t.equal(cookieHeaderOf(await store.clear(header), header), '')
    t.ok((await store.clear(undefined)).length > 0)
  })
}

function isFrozen(value: unknown): boolean {
  return Object.isFrozen(value) && (typeof value === 'string' || Object.values(Object(value)).every(isFrozen))
}
