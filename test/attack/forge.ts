import { randomBytes } from 'node:crypto'
import type { LoginState } from '../../src/core/login-state.ts'
import type { Session } from '../../src/core/session.ts'
import { createCookieStore, sessionPurpose } from '../../src/session/cookie-store.ts'
import { createLoginCookies, loginPurpose } from '../../src/session/login-cookies.ts'
import { createSealer } from '../../src/session/sealer.ts'
import { sampleSession, sampleTokens } from '../session/samples.ts'
import { testKey } from '../support/gateway.ts'

/** Makes cookies with the key of the test gateways, as somebody who had it could. */
export type Forge = Readonly<{
  /** The Cookie pairs of a session, one for each chunk. */
  session: (changes?: Partial<Session>) => string[]
  /** The Cookie pair of a login. */
  login: (changes?: Partial<LoginState>) => string
  /** A seal of any purpose. */
  seal: (purpose: string, value: object) => string
}>

export type ForgeOptions = Readonly<{ key?: string; name?: string; now?: number }>

const returnPurpose = 'return after sign-out'

/** Sets a forge up for one full cookie name. */
export async function createForge(options: ForgeOptions = {}): Promise<Forge> {
  const { key = testKey, name = 'postern', now = Math.floor(Date.now() / 1000) } = options
  const purposes = [sessionPurpose(name), loginPurpose(name), returnPurpose]
  const sealer = await createSealer([Buffer.from(key, 'base64')], purposes)
  const attributes = { isSecure: false, sameSite: 'lax' } as const
  const common = { sealer, name, attributes, clock: () => now }
  const limits = { absolute: 43_200 }
  const store = createCookieStore({ ...common, limits, maxChunks: 9, cacheSize: 10 })
  const logins = createLoginCookies(common)
  return {
    session: (changes) => store.write(fresh(now, changes), undefined).map(pairOf),
    login: (changes) => pairOf(logins.issue({ ...loginAt(now), ...changes }, undefined)[0] as string),
    seal: sealer.seal,
  }
}

function fresh(now: number, changes: Partial<Session> = {}): Session {
  const tokens = sampleTokens({ obtainedAt: now, expiresAt: now + 3600 })
  const id = randomBytes(16).toString('base64url')
  return sampleSession({ id, createdAt: now, lastSeenAt: now, tokens, ...changes })
}

function loginAt(now: number): LoginState {
  const text = () => randomBytes(32).toString('base64url')
  return {
    state: text(),
    nonce: text(),
    codeVerifier: text(),
    returnTo: 'http://localhost/forged',
    createdAt: now,
  }
}

function pairOf(line: string): string {
  return line.slice(0, line.indexOf(';'))
}
