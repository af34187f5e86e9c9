import type { Config } from '../config/schema.ts'
import { type Session, type SessionLimits, sessionEndsAt } from '../core/session.ts'
import { createCookieStore, sessionPurpose } from '../session/cookie-store.ts'
import { createSealer } from '../session/sealer.ts'
import type { SessionStore } from '../session/session-store.ts'
import { sessionCookie, sessionLimits } from '../session-cookies.ts'
import { withoutTokens } from './caller.ts'
import type { Credentials } from './credentials.ts'
import type { CookieExplanation } from './explanation.ts'

/** One header is read. */
const cacheSize = 4

/** Opens the cookies of a configuration with its keys; what comes out holds no token. */
export async function cookieCredentials(config: Config, clock: () => number): Promise<Credentials> {
  const { session: section } = config
  const cookies = { http: sessionCookie(section, 'http'), https: sessionCookie(section, 'https') }
  const purposes = Object.values(cookies).map(({ name }) => sessionPurpose(name))
  const sealer = await createSealer(section.keys, purposes)
  const limits = sessionLimits(section)

  return {
    sessions: (scheme) => withoutTokensFrom(openedWith(scheme, limits, clock)),
    lookInto: (scheme, cookieHeader) => {
      const { session, isPresent } = openedWith(scheme, limits, clock).read(cookieHeader)
      if (session !== undefined) return { state: 'live', session: told(session, limits) }
      if (!isPresent) return { state: 'absent' }
      // As if nobody's time ever came.
      const old = openedWith(scheme, { absolute: Number.POSITIVE_INFINITY }, () => Number.MAX_SAFE_INTEGER)
      const { session: over } = old.read(cookieHeader)
      return over === undefined ? { state: 'unreadable' } : { state: 'over', session: told(over, limits) }
    },
  }

  function openedWith(scheme: 'http' | 'https', within: SessionLimits, at: () => number): SessionStore {
    const { max_chunks: maxChunks } = section.cookie
    return createCookieStore({ sealer, ...cookies[scheme], maxChunks, limits: within, clock: at, cacheSize })
  }
}

/** It fits as it came, into as many cookies. */
function withoutTokensFrom(store: SessionStore): SessionStore {
  return {
    ...store,
    read: (cookieHeader) => {
      const found = store.read(cookieHeader)
      return { ...found, session: found.session && withoutTokens(found.session) }
    },
    write: (_session, cookieHeader) => store.clear(cookieHeader),
  }
}

function told(session: Session, limits: SessionLimits): NonNullable<CookieExplanation['session']> {
  const { sub, scopes, claims, createdAt, lastSeenAt, tokens } = session
  const idleEnd = limits.idle === undefined ? Number.POSITIVE_INFINITY : lastSeenAt + limits.idle
  return {
    sub,
    scopes,
    claims,
    createdAt,
    lastSeenAt,
    endsAt: Math.min(sessionEndsAt(session, limits), idleEnd),
    ...(tokens.expiresAt !== undefined && { accessTokenEndsAt: tokens.expiresAt }),
    hasRefreshToken: tokens.refreshToken !== undefined,
  }
}
