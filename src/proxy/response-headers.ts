import type { CorsHeaders } from '../core/cors.ts'
import { connectionTokens, hopByHopHeaders, privateCacheControl } from '../core/headers.ts'
import { withoutHeaders } from './flat-headers.ts'

/** What the gateway has to say about a response beside the upstream's own headers. */
export type ResponseFacts = Readonly<{
  /** Our Set-Cookie lines. */
  setCookies: readonly string[]
  /** Whether the response was given to one person only, and no shared cache may keep it. */
  isProtected: boolean
  /** What pages of other origins are told, in place of what the upstream says about it. */
  cors?: CorsHeaders | undefined
}>

export type ResponseHead = Readonly<{
  /** Names and values alternating, as `writeHead` takes them. */
  headers: string[]
  isEventStream: boolean
}>

type Fate =
  | 'connection'
  | 'set-cookie'
  | 'cache-control'
  | 'content-type'
  | 'targeted-cache'
  | 'cors'
  | 'strip'
  | 'pass'

/** What CDNs and servers in between obey before `Cache-Control`, beside the `*CDN-Cache-Control` of RFC 9213. */
const sharedCacheHeaders = new Set([
  'surrogate-control',
  'edge-control',
  'x-litespeed-cache-control',
  'x-accel-expires',
])

const knownNames = new Map<string, Fate>()
const maxKnownNames = 1_000
/** Longer names are worked out each time, so that they do not fill the memory. */
const maxKnownLength = 64

/**
 * The headers of the response from those of the upstream (bytes, names and values alternating, as undici gives them).
 *
 * Cookies the gateway owns cannot be set by an upstream. Order, case and duplicates stay. Private responses lose what speaks to shared caches past Cache-Control (RFC 9213).
 */
export function responseHead(
  raw: readonly Buffer[],
  facts: ResponseFacts,
  ownsCookie: (name: string) => boolean,
): ResponseHead {
  const isPrivate = facts.isProtected || facts.setCookies.length > 0
  const headers: string[] = []
  const cacheControl: string[] = []
  let isEventStream = false
  let connection: string | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as Buffer).toString('latin1')
    const value = (raw[i + 1] as Buffer).toString('latin1')
    const fate = knownNames.get(name) ?? learn(name)
    if (fate === 'connection') connection = connection === undefined ? value : `${connection},${value}`
    if (fate === 'strip' || fate === 'connection') continue
    if (fate === 'set-cookie' && ownsCookie(cookieName(value))) continue
    if (fate === 'targeted-cache' && isPrivate) continue
    if (fate === 'cors' && facts.cors !== undefined) continue
    if (fate === 'cache-control' && isPrivate) {
      cacheControl.push(value)
      continue
    }
    if (fate === 'content-type') isEventStream = /^text\/event-stream\b/i.test(value)
    headers.push(name, value)
  }
  const own = withoutHeaders(headers, connectionTokens(connection))
  if (isPrivate) own.push('Cache-Control', privateCacheControl(cacheControl.join(', ')))
  if (facts.cors !== undefined) own.push(...Object.entries(facts.cors).flat())
  for (const line of facts.setCookies) own.push('Set-Cookie', line)
  return { headers: own, isEventStream }
}

function learn(name: string): Fate {
  const fate = fateOf(name.toLowerCase())
  if (name.length > maxKnownLength) return fate
  if (knownNames.size >= maxKnownNames) knownNames.clear()
  knownNames.set(name, fate)
  return fate
}

function fateOf(name: string): Fate {
  if (name === 'connection' || name === 'set-cookie' || name === 'cache-control' || name === 'content-type')
    return name
  if (hopByHopHeaders.has(name)) return 'strip'
  if (name.startsWith('access-control-')) return 'cors'
  return sharedCacheHeaders.has(name) || /(?:^|-)cdn-cache-control$/.test(name) ? 'targeted-cache' : 'pass'
}

/** The name a browser would keep the cookie under; it sends `=name=value`, set without a name, as `name=value`. */
function cookieName(setCookie: string): string {
  const pair = setCookie.replace(/^[\s=]+/, '')
  const end = pair.search(/[=;]/)
  return (end < 0 ? pair : pair.slice(0, end)).trim()
}
