import { randomBytes } from 'node:crypto'
import { createCookieStore, sessionPurpose } from '../../src/session/cookie-store.ts'
import { createSealer } from '../../src/session/sealer.ts'

/** The cookie name of a Postern on http that is told no other. */
const cookieName = 'postern'

/**
 * Makes the Cookie headers of many people from that of one who really signed in: the same tokens and claims, sealed
 * with Postern's own code under another id and `sub`. Ten thousand sign-ins would take longer than the bench may.
 * @throws {Error} when the cookie does not open under the key.
 */
export async function sealSessions(key: Buffer, cookie: string, count: number): Promise<string[]> {
  const store = createCookieStore({
    sealer: await createSealer([key], [sessionPurpose(cookieName)]),
    name: cookieName,
    attributes: { sameSite: 'lax', isSecure: false },
    maxChunks: 4,
    limits: { absolute: 12 * 60 * 60, idle: 60 * 60 },
    clock: () => Math.floor(Date.now() / 1000),
    cacheSize: 1,
  })
  const { session } = store.read(cookie)
  if (session === undefined) throw new Error('the session of the sign-in does not open')
  return Array.from({ length: count }, (_, number) => {
    const other = { ...session, id: randomBytes(16).toString('base64url'), sub: `user-${number}` }
    return cookieHeader(store.write(other, undefined))
  })
}

function cookieHeader(setCookies: readonly string[]): string {
  return setCookies.map((line) => line.slice(0, line.indexOf(';'))).join('; ')
}
