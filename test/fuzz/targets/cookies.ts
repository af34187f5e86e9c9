import fc from 'fast-check'
import { withoutCookies } from '../../../src/core/cookies.ts'
import { type LoginState, loginLifetime } from '../../../src/core/login-state.ts'
import type { Session } from '../../../src/core/session.ts'
import { createCookieStore, sessionPurpose } from '../../../src/session/cookie-store.ts'
import { createLoginCookies, loginPurpose } from '../../../src/session/login-cookies.ts'
import { createSealer, type Sealer } from '../../../src/session/sealer.ts'
import { cookieHeaderOf, createClock, sampleSession, sampleTokens, start } from '../../session/samples.ts'
import { type FuzzTarget, latin1, must, mutated, type Opened, syncProperty } from '../target.ts'

const name = '__Host-postern'
const attributes = { isSecure: true, sameSite: 'lax' } as const

const sessions: readonly Session[] = [
  sampleSession(),
  sampleSession({ id: 'another', sub: 'bob', generation: 3 }),
  sampleSession({ id: 'long', tokens: sampleTokens({ accessToken: 'x'.repeat(6000) }) }),
  sampleSession({ id: 'old', createdAt: start - 4000, lastSeenAt: start - 4000 }),
]

const logins: readonly LoginState[] = [0, 1, 2].map((n) => ({
  state: `state-${n}-abcdefghijklmnopqrstuvwxyz`,
  nonce: `nonce-${n}`,
  codeVerifier: `verifier-${n}`,
  returnTo: `https://app.example.com/${n}`,
  createdAt: start - n * (loginLifetime - 1),
}))

const separators = ['; ', ';', ' ;', ';;', ',', '&', '\t', ' ', '=', '"', '\\', '%3b', '\x00', '\xa0', '$']
const names = [
  ...[
    name,
    `${name}.1`,
    `${name}.2`,
    `${name}.01`,
    `${name}.9`,
    `${name}.-1`,
    `${name}.login.x.y`,
    `${name}.`,
  ],
  ...[
    'postern',
    '%5f%5fHost-postern',
    '"postern"',
    '$postern',
    'p%6fstern.1',
    'POSTERN',
    '__host-postern',
    '$Version',
    ' __Host-postern',
    '__Host-postern ',
    'theme',
    '',
    '__proto__',
  ],
]

/** A sealer that counts the characters it was asked to open. */
function counting(sealer: Sealer) {
  const counts = { characters: 0 }
  const open: Sealer['open'] = (purpose, sealed) => {
    counts.characters += sealed.length
    return sealer.open(purpose, sealed)
  }
  return { counts, sealer: { seal: sealer.seal, open } }
}

async function setUp() {
  const purposes = [sessionPurpose(name), loginPurpose(name), 'other']
  const real = await createSealer([Buffer.alloc(32, 7)], purposes)
  const stranger = await createSealer([Buffer.alloc(32, 8)], purposes)
  const { sealer, counts } = counting(real)
  const common = { sealer, name, attributes, clock: createClock() }
  const limits = { absolute: 3600 }
  // Nothing is remembered, so that everything is opened.
  const store = createCookieStore({ ...common, maxChunks: 4, limits, cacheSize: 1 })
  const cookies = createLoginCookies(common)
  const headers = [
    ...sessions.map((session) => cookieHeaderOf(store.write(session, undefined))),
    ...logins.map((login) => cookieHeaderOf(cookies.issue(login, undefined))),
  ]
  const seals = [
    stranger.seal(sessionPurpose(name), { version: 1, session: sessions[0] }),
    real.seal('other', { version: 1, session: sessions[0] }),
    real.seal(loginPurpose(name), { version: 1, session: sessions[0] }),
    real.seal(sessionPurpose(name), { version: 2, session: sessions[0] }),
    ...headers.flatMap((header) => header.split('; ').map((pair) => pair.slice(pair.indexOf('=') + 1))),
  ]
  const renumbered = seals.flatMap((seal) =>
    [0, 3, 7].map((generation) => `${generation}.1.${seal.replace(/^\d\.\d\./, '')}`),
  )
  return { store, cookies, headers, seals: [...seals, ...renumbered], counts }
}

function headersOf(real: readonly string[], seals: readonly string[]): fc.Arbitrary<string> {
  const value = fc.oneof(
    fc.constantFrom(...seals),
    mutated(fc.constantFrom(...seals), ['A', '-', '.', '0.1.', '0.2.', '=']),
    latin1,
  )
  const realNames = real.flatMap((header) =>
    header.split('; ').map((text) => text.slice(0, text.indexOf('='))),
  )
  const pair = fc.tuple(fc.constantFrom(...names, ...realNames), value).map((parts) => parts.join('='))
  const piece = fc.oneof(pair, fc.constantFrom(...real, ...separators))
  const assembled = fc
    .array(fc.tuple(piece, fc.constantFrom(...separators, '; ', '; ', '; ')), { maxLength: 8 })
    .map((parts) => parts.flat().join(''))
  const pieces = [...separators, ...names.map((text) => `${text}=`)]
  return fc.oneof(assembled, mutated(fc.constantFrom(...real), pieces), mutated(assembled, pieces), latin1)
}

/** What opens, be it sessions or logins, must be one that was sealed. */
function isOneOf<T>(known: readonly T[], found: T): boolean {
  const text = JSON.stringify(found)
  return known.some((one) => JSON.stringify(one) === text)
}

/** The reader of sessions: nothing but sealed sessions, at a cost that grows with the header only. */
export const sessionCookies: FuzzTarget = {
  name: 'session cookies',
  shortRuns: 4000,
  async open(): Promise<Opened> {
    const { store, headers, seals, counts } = await setUp()
    const check = (header: string): boolean => {
      counts.characters = 0
      const { session, isPresent } = store.read(header)
      must(
        session === undefined || (isPresent && isOneOf(sessions.slice(0, 3), session)),
        () => 'a session nobody sealed',
      )
      must(session === undefined || header.includes(`=${session.generation}.`), () => 'another generation')
      must(counts.characters <= 32 * header.length, () => `${counts.characters} characters opened`)
      const lines = store.clear(header)
      must(lines.length <= 20 && lines.every((line) => line.startsWith(name)), () => `cleared: ${lines}`)
      must(!/[\r\n\0]/.test(lines.join('')), () => 'a broken line')
      return session !== undefined
    }
    return syncProperty(headersOf(headers, seals), check)
  },
}

/** The reader of logins under way. */
export const loginCookies: FuzzTarget = {
  name: 'login cookies',
  shortRuns: 4000,
  async open(): Promise<Opened> {
    const { cookies, headers, seals, counts } = await setUp()
    const states = fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...logins.map(({ state }) => state)) },
      latin1,
    )
    const check = ([header, state]: [string, string]): boolean => {
      counts.characters = 0
      const found = cookies.find(header, state)
      must(
        found === undefined || (found.login.state === state && isOneOf(logins, found.login)),
        () => 'a login nobody began',
      )
      must(counts.characters <= header.length, () => `${counts.characters} characters opened`)
      const lines = [...cookies.clear(header, state), ...cookies.clearAll(header)]
      must(
        lines.length <= 40 && lines.every((line) => line.startsWith(`${name}.login.`)),
        () => `cleared: ${lines}`,
      )
      return found !== undefined
    }
    return syncProperty(fc.tuple(headersOf(headers, seals), states), check)
  },
}

/** A name as a careless reader may take it: decoded, without quotes and the like. */
function lax(written: string): string {
  const decoded = written.replace(/%([\da-f]{2})/gi, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return decoded.replace(/["'$\\\s]/g, '')
}

/** What keeps our cookies from upstreams: others stay as they are, ours go in every spelling. */
export const strippedCookies: FuzzTarget = {
  name: 'cookies for upstreams',
  shortRuns: 10_000,
  async open(): Promise<Opened> {
    const { store, headers, seals } = await setUp()
    const check = (header: string): boolean => {
      let characters = 0
      const drops = (cookieName: string): boolean => {
        characters += cookieName.length
        return store.owns(cookieName)
      }
      const kept = withoutCookies(header, drops)
      must(characters <= 2 * header.length, () => `${characters} characters looked at`)
      if (kept === undefined) return false
      must(kept.length <= header.length, () => 'it grew')
      must(withoutCookies(kept, store.owns) === kept, () => `not idempotent: ${kept}`)
      for (const pair of kept.split(';')) {
        must(header.includes(pair), () => `changed: ${pair}`)
        const written = pair.slice(0, pair.indexOf('=')).trim()
        must(!pair.includes('=') || ![written, lax(written)].some(store.owns), () => `ours: ${pair}`)
      }
      return kept !== header
    }
    return syncProperty(headersOf(headers, seals), check)
  },
}
