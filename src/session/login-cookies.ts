import { createHash, timingSafeEqual } from 'node:crypto'
import { type LoginState, loginLifetime, maxPendingLogins } from '../core/login-state.ts'
import { findCookies } from './cookie-header.ts'
import { type CookieAttributes, createCookieLines, maxCookieBytes } from './cookie-line.ts'
import type { Sealer } from './sealer.ts'
import { isObject, isText, isTime, isWish, type Shape } from './shape.ts'

/** The cookies of logins under way, one for each. Cookie headers are those of requests; lines are Set-Cookie lines. */
export type LoginCookies = Readonly<{
  /** Lines that set the login's cookie, and delete the oldest others beyond four. */
  issue(login: LoginState, cookieHeader: string | undefined): string[]
  /** The login that a callback's `state` belongs to; `isExpired` when it took too long. */
  find(
    cookieHeader: string | undefined,
    state: string,
  ): Readonly<{ login: LoginState; isExpired: boolean }> | undefined
  /** The logins that this browser has under way. */
  pending(cookieHeader: string | undefined): readonly LoginState[]
  /** Lines that delete the cookie of one login, if the request has it. */
  clear(cookieHeader: string | undefined, state: string): string[]
  /** Lines that delete the cookies of all logins. */
  clearAll(cookieHeader: string | undefined): string[]
}>

const loginShape: Shape = {
  state: isText,
  nonce: isText,
  codeVerifier: isText,
  returnTo: isText,
  createdAt: isTime,
  wish: isWish,
}

/** How far, in seconds, a login may lie in the future: clocks of replicas differ. */
const clockTolerance = 60

/** Deletions per answer: a flood of forged names is answered by degrees. */
const maxClears = 20

/** The purpose under which the login cookies of this full cookie name are sealed. */
export function loginPurpose(name: string): string {
  return `login ${name}`
}

/**
 * Makes the cookies `<name>.login.<issue time>.<hash of state>`; the state itself is inside the seal only.
 * SameSite is Lax, or None where the session's is: the provider's redirect back comes from another site.
 * @param options.name The full cookie name of the session, prefix included.
 * @param options.clock Epoch seconds.
 */
export function createLoginCookies(options: {
  sealer: Sealer
  name: string
  attributes: CookieAttributes
  clock: () => number
}): LoginCookies {
  const { sealer, name, attributes, clock } = options
  const purpose = loginPurpose(name)
  const prefix = `${name}.login.`
  const sameSite = attributes.sameSite === 'none' ? 'none' : 'lax'
  const lines = createCookieLines({ ...attributes, sameSite })

  function issue(login: LoginState, cookieHeader: string | undefined): string[] {
    const issued = `${prefix}${Math.floor(login.createdAt).toString(36)}.${hash(login.state)}`
    const others = suffixesIn(cookieHeader)
      .filter((suffix) => prefix + suffix !== issued)
      .sort((a, b) => issueTime(b) - issueTime(a))
    return [setLine(issued, login), ...clearLines(others.slice(maxPendingLogins - 1))]
  }

  function setLine(issued: string, login: LoginState): string {
    const set = (kept: LoginState) => lines.set(issued, sealer.seal(purpose, kept), loginLifetime)
    // A return target this long is given up for the front page rather than the login for the return target.
    const shortened = { ...login, returnTo: `${new URL(login.returnTo).origin}/` }
    for (const kept of [login, shortened]) {
      const line = set(kept)
      if (line.length <= maxCookieBytes) return line
    }
    // Nobody will know what was asked for in vain: the loop guard ends that.
    const { wish, ...bare } = shortened
    return set(bare)
  }

  function find(cookieHeader: string | undefined, state: string) {
    const ending = `.${hash(state)}`
    for (const { suffix, value } of findCookies(cookieHeader, prefix)) {
      if (!suffix.endsWith(ending)) continue
      const login = open(value)
      if (login !== undefined && isSame(login.state, state)) return { login, isExpired: isExpired(login) }
    }
    return undefined
  }

  function pending(cookieHeader: string | undefined): LoginState[] {
    const logins = findCookies(cookieHeader, prefix).map(({ value }) => open(value))
    return logins.filter((login) => login !== undefined && !isExpired(login)) as LoginState[]
  }

  function open(value: string): LoginState | undefined {
    const opened = sealer.open(purpose, value)?.value
    return isObject(opened, loginShape) ? (opened as LoginState) : undefined
  }

  function isExpired({ createdAt }: LoginState): boolean {
    const now = clock()
    return now >= createdAt + loginLifetime || createdAt > now + clockTolerance
  }

  function clear(cookieHeader: string | undefined, state: string): string[] {
    const ending = `.${hash(state)}`
    return clearLines(suffixesIn(cookieHeader).filter((suffix) => suffix.endsWith(ending)))
  }

  function clearAll(cookieHeader: string | undefined): string[] {
    return clearLines(suffixesIn(cookieHeader))
  }

  function suffixesIn(cookieHeader: string | undefined): string[] {
    return [...new Set(findCookies(cookieHeader, prefix).map(({ suffix }) => suffix))]
  }

  function clearLines(suffixes: string[]): string[] {
    return suffixes.slice(0, maxClears).map((suffix) => lines.clear(prefix + suffix))
  }

  return Object.freeze({ issue, find, pending, clear, clearAll })
}

/** The issue time in a cookie's name; anything else counts as the oldest of all. */
function issueTime(suffix: string): number {
  const [time = ''] = suffix.split('.')
  return /^[0-9a-z]{1,8}$/.test(time) ? Number.parseInt(time, 36) : 0
}

/** Enough of a hash to tell five logins apart, and nothing of the state. */
function hash(state: string): string {
  return digest(state).toString('base64url').slice(0, 8)
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
