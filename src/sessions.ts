import { randomBytes } from 'node:crypto'
import type { Config } from './config/schema.ts'
import { type Session, type SessionLimits, sessionEndsAt } from './core/session.ts'
import { type CookieChange, cookieLinesFor } from './gate/cookie-change.ts'
import type { CookieKit, Site } from './gate/site.ts'
import type { Observer } from './observer.ts'
import type { Provider } from './provider/provider.ts'
import type { LiveStreams } from './proxy/live-streams.ts'
import { createCookieStore, sessionPurpose } from './session/cookie-store.ts'
import type { EndedSessions } from './session/ended-sessions.ts'
import type { Generations } from './session/generations.ts'
import { createLinkedRefresher } from './session/linked-refresher.ts'
import { createLoginCookies, loginPurpose } from './session/login-cookies.ts'
import { createLoopGuard } from './session/loop-guard.ts'
import { createRefresher, type Refresher } from './session/refresher.ts'
import { createSealer } from './session/sealer.ts'
import type { SessionLink } from './session/session-link.ts'
import type { SessionMemory } from './session/session-memory.ts'
import type { SessionStore } from './session/session-store.ts'
import type { Sightings } from './session/sightings.ts'
import type { UsedStates } from './session/used-states.ts'
import { sessionCookie, sessionLimits } from './session-cookies.ts'

/** Everything about sessions, wired to one configuration and one provider. */
export type Sessions = Readonly<{
  limits: SessionLimits
  refresher: Pick<Refresher, 'current'>
  ended: EndedSessions
  generations: Generations
  /** Absent where nobody asks about requests. */
  sightings: Sightings | undefined
  usedStates: UsedStates
  cookiesFor: (scheme: 'http' | 'https') => CookieKit
  ownsCookie: (name: string) => boolean
  cookieLines: (change: CookieChange | undefined) => readonly string[]
  /** The session of a request to our own endpoints: live, not signed out, whatever its access token. */
  sessionOf: (site: Site, cookieHeader: string | undefined) => Session | undefined
  /** Seconds until a session ends if nothing is done: by its limits, or by an access token that cannot be renewed. */
  secondsLeft: (session: Session) => number
  /**
   * Ends a session at once, its open streams with it, and revokes its tokens without waiting for the provider. Where there
   * are several processes, it resolves when none of them lets it in any more.
   */
  end: (session: Session) => void | Promise<void>
  /** Seals and opens a return target that goes through the provider's logout. */
  sealReturn: (returnTo: string) => string
  openReturn: (sealed: string) => string | undefined
}>

type Options = Readonly<{
  clock: () => number
  sleep: (ms: number) => Promise<unknown>
  provider: Provider
  observer: Pick<Observer, 'refreshed' | 'sessionSealed'>
  /** What earlier configurations of this process left. */
  memory: SessionMemory
  /** Open streams of sessions. */
  live: LiveStreams
  /** Where another process knows about the sessions of all. */
  link?: SessionLink | undefined
}>

/** Opened sessions kept in memory: a few kilobytes each. */
const openedSessions = 20_000
const returnPurpose = 'return after sign-out'

/** Builds the session side of the gateway. */
export async function createSessions(config: Config, options: Options): Promise<Sessions> {
  const { clock, provider, observer, memory, live, link } = options
  const { cookie } = config.session
  // Where nobody signs in there are no keys, and nothing to seal with this one.
  const keys = config.session.keys.length > 0 ? config.session.keys : [randomBytes(32)]
  const limits = sessionLimits(config.session)
  const { forward_auth: check } = config
  const isTokenTold = check !== undefined && (check.token !== 'none' || check.access_token_header)
  const usesTokens = isTokenTold || Object.values(config.upstreams).some(({ token }) => token !== 'none')
  const cookies = {
    http: sessionCookie(config.session, 'http'),
    https: sessionCookie(config.session, 'https'),
  }
  const purposes = Object.values(cookies).flatMap(({ name }) => [sessionPurpose(name), loginPurpose(name)])
  const sealer = await createSealer(keys, [...purposes, returnPurpose])
  const ended: EndedSessions = { ...memory.ended, end: endAtOnce }
  const { generations } = memory
  const sightings = check && (link === undefined ? memory.sightings : sharedSightings(memory.sightings, link))
  const kits = { http: createKit('http'), https: createKit('https') }
  const refreshBefore = config.session.refresh_before / 1000
  const { current, finish } = link === undefined ? refreshHere() : refreshElsewhere(link)

  return {
    limits,
    refresher: { current },
    ended,
    generations,
    sightings,
    usedStates: link ?? memory.usedStates,
    cookiesFor: (scheme) => kits[scheme],
    ownsCookie: (name) => kits.https.sessions.owns(name) || kits.https.loops.owns(name),
    cookieLines: (change) => cookieLinesFor(change, generations, ended),
    sessionOf,
    secondsLeft,
    end,
    sealReturn: (returnTo) => sealer.seal(returnPurpose, { returnTo }),
    openReturn,
  }

  function createKit(scheme: 'http' | 'https'): CookieKit {
    const { name, attributes } = cookies[scheme]
    const common = { sealer, name, attributes, clock }
    return {
      sessions: measured(
        createCookieStore({
          ...common,
          limits,
          maxChunks: cookie.max_chunks,
          cacheSize: openedSessions,
          sightings,
        }),
        observer.sessionSealed,
      ),
      logins: createLoginCookies(common),
      loops: createLoopGuard({ name, attributes }),
    }
  }

  function sessionOf(site: Site, cookieHeader: string | undefined): Session | undefined {
    const { session } = site.cookies.sessions.read(cookieHeader)
    return session !== undefined && !ended.has(session.id) ? session : undefined
  }

  function secondsLeft(session: Session): number {
    const { refreshToken, expiresAt = Number.POSITIVE_INFINITY } = session.tokens
    const lastSeenAt = sightings?.lastSeenAt(session) ?? session.lastSeenAt
    const idleEnd = lastSeenAt + (limits.idle ?? Number.POSITIVE_INFINITY)
    const tokenEnd = refreshToken === undefined && usesTokens ? expiresAt : Number.POSITIVE_INFINITY
    return Math.min(sessionEndsAt(session, limits), idleEnd, tokenEnd) - clock()
  }

  /** Whoever ends a session ends its open streams, be it a sign-out or the provider that refuses to go on. */
  function endAtOnce(id: string, until: number): void {
    endHere(id, until)
    link?.tellEnded(id, until)
  }

  function endHere(id: string, until: number): void {
    memory.ended.end(id, until)
    live.end(id)
  }

  function end(session: Session): void | Promise<void> {
    endHere(session.id, sessionEndsAt(session, limits))
    return finish(session)
  }

  function refreshHere(): Refreshing {
    const { current, latest } = createRefresher({
      refresh: provider.refresh,
      revoke: provider.revoke,
      clock,
      sleep: async (ms) => void (await options.sleep(ms)),
      ended,
      generations,
      endsAt: check && ((session) => sessionEndsAt(session, limits)),
      refreshBefore,
      waitLimit: (config.provider?.timeout ?? 0) / 1000 + 2,
      report: observer.refreshed,
      memory: memory.refreshes,
    })
    return { current, finish: (session) => void provider.revoke(latest(session).tokens) }
  }

  function refreshElsewhere(other: SessionLink): Refreshing {
    const { awaited } = memory
    const { current } = createLinkedRefresher({
      link: other,
      ended,
      generations,
      awaited,
      clock,
      refreshBefore,
    })
    return { current, finish: other.end }
  }

  function openReturn(sealed: string): string | undefined {
    const opened = sealer.open(returnPurpose, sealed)
    return opened && (opened.value as { returnTo: string }).returnTo
  }
}

/** Who renews sessions, and what is to be done at their end. */
type Refreshing = Pick<Refresher, 'current'> &
  Readonly<{ finish: (session: Session) => void | Promise<void> }>

/** What this process saw, the others are told. */
function sharedSightings(sightings: Sightings, { tellSighting }: SessionLink): Sightings {
  return {
    ...sightings,
    note(session, now) {
      sightings.note(session, now)
      tellSighting(session.id, now)
    },
  }
}

/** The same store, which tells how much of a Cookie header each session takes. */
function measured(store: SessionStore, onSeal: (bytes: number) => void): SessionStore {
  return {
    ...store,
    write(session, cookieHeader) {
      const lines = store.write(session, cookieHeader)
      onSeal(lines.reduce((bytes, line) => bytes + pairLength(line), 0))
      return lines
    },
  }
}

/** The length of a cookie's name and value as a browser sends them back; a cookie that is deleted has none. */
function pairLength(line: string): number {
  const end = line.indexOf(';')
  return line[end - 1] === '=' ? 0 : end
}
