import t, { type Test } from 'tap'
import { explanationJson } from '../../src/explain/as-json.ts'
import { explanationText } from '../../src/explain/as-text.ts'
import { cookieCredentials } from '../../src/explain/cookie.ts'
import { createCookieStore, sessionPurpose } from '../../src/session/cookie-store.ts'
import { createSealer } from '../../src/session/sealer.ts'
import { testKey } from '../config/support.ts'
import { cookieHeaderOf, sampleSession, sampleTokens } from '../session/samples.ts'
import { askedOf, explainerOf, now } from './support.ts'

const name = '__Host-postern'
const otherKey = Buffer.alloc(32, 7)

type Sample = Parameters<typeof sampleSession>[0]

/** A session as a browser would send it, made by the store of a gateway. */
async function sealed(session: Sample, key = Buffer.from(testKey, 'base64')): Promise<string> {
  const store = createCookieStore({
    sealer: await createSealer([key], [sessionPurpose(name)]),
    name,
    attributes: { isSecure: true, sameSite: 'lax', domain: undefined },
    maxChunks: 5,
    limits: { absolute: 43_200 },
    clock: () => now,
    cacheSize: 1,
  })
  return cookieHeaderOf(
    store.write(sampleSession({ createdAt: now, lastSeenAt: now, ...session }), undefined),
  )
}

const tokens = sampleTokens({ obtainedAt: now, expiresAt: now + 300 })

async function explained(t: Test, cookie: string, session = '', routes?: string) {
  const { config, explain } = explainerOf(t, {
    session: `session: { keys: [${testKey}]${session} }`,
    ...(routes !== undefined && { routes }),
  })
  const credentials = await cookieCredentials(config, () => now)
  return explain(askedOf('GET /x', [`Cookie: ${cookie}`]), credentials)
}

t.test('a session is opened with the keys, and nothing secret comes out', async (t) => {
  const cookie = await sealed({ tokens })
  const explanation = await explained(t, `theme=dark; ${cookie}`)
  t.match(explanation, {
    decision: { kind: 'forward', reason: 'authenticated' },
    caller: {
      kind: 'session',
      sub: 'alice',
      cookie: {
        state: 'live',
        session: {
          sub: 'alice',
          createdAt: now,
          lastSeenAt: now,
          endsAt: now + 3_600,
          accessTokenEndsAt: now + 300,
          hasRefreshToken: true,
        },
      },
    },
  })
  const [text, json] = [explanationText(explanation), explanationJson(explanation)]
  const sealedText = /\.([\w-]{40})/.exec(cookie)?.[1] as string
  for (const secret of ['access-0', 'refresh-0', 'id-0', 'c2Vzc2lvbi1pZC0wMDAx', sealedText]) {
    t.notOk(text.includes(secret) || json.includes(secret), secret)
  }
  t.match(text, /\nCookie {5}opened: alice\n {11}created {7}2027-01-15T08:00:00Z\n/)
  t.match(text, / {11}last seen {5}2027-01-15T08:00:00Z\n {11}ends {10}2027-01-15T09:00:00Z\n/)
  t.match(text, / {11}access token {2}until 2027-01-15T08:05:00Z, can be renewed\n/)
  t.match(text, /Authorization: Bearer <access token>\n/)
  t.match(JSON.parse(json).caller.cookie, {
    state: 'live',
    created_at: now,
    ends_at: now + 3_600,
    access_token_ends_at: now + 300,
    refresh_token: true,
  })
})

t.test('without an idle timeout a session ends with its lifetime, and a token may have no end', async (t) => {
  const { idToken: _, refreshToken: __, expiresAt: ___, ...bare } = tokens
  const explanation = await explained(t, await sealed({ tokens: bare }), ', idle_timeout: none')
  t.match(explanation.caller.cookie?.session, { endsAt: now + 43_200, hasRefreshToken: false })
  t.match(explanationText(explanation), /access token {2}without an end, cannot be renewed\n/)
})

t.test(
  'an access token that ended is renewed where it can be, and else the session does not do',
  async (t) => {
    const ended = sampleTokens({ obtainedAt: now - 600, expiresAt: now - 300 })
    t.match((await explained(t, await sealed({ tokens: ended }))).decision, { reason: 'authenticated' })
    const { refreshToken: _, ...lost } = ended
    t.match(await explained(t, await sealed({ tokens: lost })), {
      decision: { kind: 'challenge', reason: 'access-token-expired' },
      caller: { kind: 'nobody', isPassedOver: true, cookie: { state: 'live' } },
    })
  },
)

t.test('a session that is over is told with its times, one that cannot be opened without', async (t) => {
  const over = await explained(t, await sealed({ createdAt: now - 7_200, lastSeenAt: now - 3_700 }))
  t.match(over, {
    decision: { reason: 'no-session' },
    caller: {
      kind: 'nobody',
      isPassedOver: false,
      cookie: { state: 'over', session: { endsAt: now - 100 } },
    },
  })
  t.match(
    explanationText(over),
    /Cookie {5}opened; the session is over: alice\n {11}scopes {8}openid, orders:read\n/,
  )
  for (const cookie of [await sealed({}, otherKey), `${name}=0.1.junk`]) {
    const unreadable = await explained(t, cookie)
    t.strictSame(unreadable.caller.cookie, { state: 'unreadable' })
    t.match(explanationText(unreadable), /Cookie {5}not opened: sealed with another key/)
    t.strictSame(JSON.parse(explanationJson(unreadable)).caller.cookie, { state: 'unreadable' })
  }
  t.strictSame((await explained(t, 'theme=dark')).caller.cookie, { state: 'absent' })
})

t.test('a cookie that is due to be sealed anew is no reason to refuse', async (t) => {
  const seen = await sealed({ createdAt: now - 1_000, lastSeenAt: now - 1_000, tokens })
  t.match((await explained(t, seen)).decision, { kind: 'forward' })
})
