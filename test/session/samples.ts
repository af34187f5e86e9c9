import type { Grant, Session, Tokens } from '../../src/core/session.ts'

/** The epoch second at which the tests' clocks begin. */
export const start = 1_800_000_000

/** A clock that moves only when told to. */
export function createClock(at = start) {
  const clock = () => clock.now
  clock.now = at
  return clock
}

export function sampleTokens(overrides: Partial<Tokens> = {}): Tokens {
  return {
    accessToken: 'access-0',
    refreshToken: 'refresh-0',
    idToken: 'id-0',
    obtainedAt: start,
    expiresAt: start + 300,
    ...overrides,
  }
}

export function sampleGrant(overrides: Partial<Grant> = {}): Grant {
  return {
    sub: 'alice',
    claims: { email: 'alice@example.com', groups: ['staff'] },
    scopes: ['openid', 'orders:read'],
    tokens: sampleTokens(),
    ...overrides,
  }
}

export function sampleSession(overrides: Partial<Session> = {}): Session {
  return {
    ...sampleGrant(),
    id: 'c2Vzc2lvbi1pZC0wMDAx',
    generation: 0,
    createdAt: start,
    lastSeenAt: start,
    ...overrides,
  }
}

/** The Cookie header that a browser sends after these Set-Cookie lines; what has been deleted is not in it. */
export function cookieHeaderOf(lines: readonly string[], before = ''): string {
  const jar = new Map<string, string>()
  for (const pair of [...before.split('; '), ...lines]) {
    const [, name, value] = /^([^=]*)=?([^;]*)/.exec(pair) as unknown as [string, string, string]
    if (value === '') jar.delete(name)
    else jar.set(name, value)
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
}
