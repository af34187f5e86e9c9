import { PosternError } from '../core/errors.ts'
import { createMemo } from '../core/memo.ts'
import { isSessionLive, type Session, type SessionLimits, sessionEndsAt } from '../core/session.ts'
import { createBoundedCache } from './bounded-cache.ts'
import { type Candidate, chunkName, groupChunks, joinChunks, splitIntoChunks } from './chunks.ts'
import { type FoundCookie, findCookies } from './cookie-header.ts'
import { type CookieAttributes, createCookieLines, maxCookieBytes } from './cookie-line.ts'
import { createCookieOwner } from './cookie-name.ts'
import { deepFreeze } from './deep-freeze.ts'
import type { Sealer } from './sealer.ts'
import { fromSealed, toSealed } from './session-shape.ts'
import type { SessionRead, SessionStore } from './session-store.ts'
import type { Sightings } from './sightings.ts'

const absent: SessionRead = Object.freeze({ session: undefined, isStale: false, isPresent: false })
const unusable: SessionRead = Object.freeze({ session: undefined, isStale: false, isPresent: true })

/** Deletions per answer: enough for all we ever set; a flood of forged names is answered by degrees. */
const maxClears = 20

/** Cookie headers whose sessions are found without taking them apart again; a few kilobytes each. */
const rememberedHeaders = 2_048

/** Characters of a seal. What is longer than that takes the place of others in memory. */
const usualLength = 2_000

/** A session that a seal held. */
type Found = SessionRead & { session: Session }

/** The purpose under which a cookie store of this full cookie name seals. */
export function sessionPurpose(name: string): string {
  return `session ${name}`
}

/**
 * Makes the store that keeps each session in the browser, sealed and split into cookies of at most 4096 bytes.
 * @param options.name The full cookie name, prefix included.
 * @param options.maxChunks 1 to 9 cookies.
 * @param options.clock Epoch seconds.
 * @param options.sightings Who knows better when a session was last seen.
 * @param options.cacheSize How many opened sessions are kept, so that a repeated request opens no seal; fewer where their
 *   cookies are longer than 2,000 characters.
 */
export function createCookieStore(options: {
  sealer: Sealer
  name: string
  attributes: CookieAttributes
  maxChunks: number
  limits: SessionLimits
  clock: () => number
  cacheSize: number
  sightings?: Sightings | undefined
}): SessionStore {
  const { sealer, name, limits, clock, sightings } = options
  const purpose = sessionPurpose(name)
  const lines = createCookieLines(options.attributes)
  const cache = createBoundedCache<Found>(options.cacheSize * usualLength, (_found, sealed) =>
    Math.max(usualLength, sealed.length),
  )

  const openedIn = createMemo(rememberedHeaders, openAll)

  function read(cookieHeader: string | undefined): SessionRead {
    const opened = cookieHeader === undefined ? undefined : openedIn(cookieHeader)
    if (opened === undefined) return absent
    const now = clock()
    const isLive = ({ session }: Found) => isSessionLive(session, limits, now, sightings?.lastSeenAt(session))
    return opened.find(isLive) ?? unusable
  }

  /** Every session in a Cookie header, live or not; undefined when it has no cookie of ours. */
  function openAll(cookieHeader: string): readonly Found[] | undefined {
    const cookies = sessionCookies(cookieHeader)
    if (cookies.length === 0) return undefined
    const found: Found[] = []
    for (const candidate of joinChunks(groupChunks(cookies) ?? [[]])) {
      const opened = cache.get(candidate.sealed) ?? open(candidate)
      if (opened?.session.generation === candidate.generation) found.push(opened)
    }
    return found
  }

  function open({ sealed }: Candidate): Found | undefined {
    const opened = sealer.open(purpose, sealed)
    const session = fromSealed(opened?.value)
    if (opened === undefined || session === undefined) return undefined
    return remember(sealed, session, opened.isStale)
  }

  function remember(sealed: string, session: Session, isStale: boolean) {
    // A copy of its own: a part of the header, used as key, would keep the whole header in memory.
    const key = Buffer.from(sealed, 'latin1').toString('latin1')
    const found = Object.freeze({ session: deepFreeze(session), isStale, isPresent: true })
    cache.set(key, found)
    return found
  }

  function write(session: Session, cookieHeader: string | undefined): string[] {
    const sealed = sealer.seal(purpose, toSealed(session))
    const maxAge = sessionEndsAt(session, limits) - clock()
    const room = maxCookieBytes - lines.set(chunkName(name, 1), '', maxAge).length
    const chunks = splitIntoChunks(sealed, session.generation, room, options.maxChunks)
    if (chunks === undefined) throw tooLarge(sealed.length, room * options.maxChunks)
    remember(sealed, session, false)
    const written = chunks.map((_, index) => chunkName(name, index))
    return [
      ...chunks.map((chunk, index) => lines.set(chunkName(name, index), chunk, maxAge)),
      ...namesIn(cookieHeader)
        .filter((other) => !written.includes(other))
        .slice(0, maxClears)
        .map(lines.clear),
    ]
  }

  function clear(cookieHeader: string | undefined): string[] {
    const names = namesIn(cookieHeader).slice(0, maxClears)
    return (names.length > 0 ? names : [name]).map(lines.clear)
  }

  function namesIn(cookieHeader: string | undefined): string[] {
    return [...new Set(sessionCookies(cookieHeader).map(({ suffix }) => `${name}${suffix}`))]
  }

  function sessionCookies(cookieHeader: string | undefined): FoundCookie[] {
    return findCookies(cookieHeader, name).filter(({ suffix }) => isChunkSuffix(suffix))
  }

  return Object.freeze({ read, write, clear, owns: createCookieOwner(name) })
}

/** Tells chunks, oddly numbered ones included, from the cookies of logins and from other people's. */
function isChunkSuffix(suffix: string): boolean {
  return suffix === '' || (suffix.startsWith('.') && !suffix.startsWith('.login.'))
}

function tooLarge(size: number, room: number): PosternError {
  return new PosternError(
    'POSTERN_SESSION_TOO_LARGE',
    `the sealed session has ${size} bytes, its cookies hold ${room}: ask for fewer scopes or claims, ` +
      'name fewer sources in provider.claims_from, or raise session.cookie.max_chunks',
  )
}
