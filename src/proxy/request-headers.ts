import { connectionTokens, foldHeaderName, isStrippedRequestHeader } from '../core/headers.ts'
import type { TraceHeaders } from '../core/request-span.ts'
import { withoutHeaders } from './flat-headers.ts'

/** What an upstream is told about a request beside the client's own headers. */
export type ForwardFacts = Readonly<{
  /** The Host to send. */
  host: string
  scheme: 'http' | 'https'
  /** Empty when it is not known, as behind a unix socket. */
  clientAddress: string
  /** X-Forwarded-For to send, of trusted hops only; the client's address if absent. */
  forwardedFor?: string | undefined
  forwardedHost: string
  requestId?: string | undefined
  /** The trace context to send, in place of the client's; none if absent. */
  trace?: TraceHeaders | undefined
  /** The token to send as the only Authorization. */
  bearer?: string | undefined
  /** Lets the client's own Authorization through, unless there is a `bearer`. */
  passAuthorization: boolean
  /** Header names, and values as `headerValue` of the core makes them. */
  identity: readonly (readonly [name: string, value: string])[]
  /** A Cookie header without the gateway's own cookies; undefined when nothing is left. */
  withoutOwnCookies: (header: string) => string | undefined
  /** Tells which cookies are the gateway's own: no upstream can set one. */
  ownsCookie: (name: string) => boolean
  /** Names of further headers to remove, folded. */
  stripped: ReadonlySet<string>
}>

type Fate = 'connection' | 'cookie' | 'authorization' | 'content-length' | 'request-id' | 'strip' | 'pass'
type KnownName = Readonly<{ fate: Fate; folded: string }>

const noNames: ReadonlySet<string> = new Set()
const knownNames = new Map<string, KnownName>()
const maxKnownNames = 1_000
/** Longer names are worked out each time: strangers must not fill the memory with names of their own. */
const maxKnownLength = 64

/**
 * The headers of the upstream request as undici takes them (names and values alternating), from `req.rawHeaders`.
 *
 * What `Connection` names is removed from the client's headers before ours are added, so it cannot remove ours
 * (RFC 9110 section 7.6.1).
 */
export function requestHeaders(raw: readonly string[], facts: ForwardFacts): string[] {
  const headers: string[] = []
  let connection: string | undefined
  let takesAuthorization = facts.passAuthorization && facts.bearer === undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    const { fate, folded } = knownNames.get(name) ?? learn(name)
    if (fate === 'pass') {
      if (!facts.stripped.has(folded)) headers.push(name, value)
    } else if (fate === 'cookie') pushCookies(headers, name, value, facts)
    else if (fate === 'content-length') headers.push(name, value)
    else if (fate === 'connection') connection = connection === undefined ? value : `${connection},${value}`
    else if (fate === 'authorization' && takesAuthorization) {
      headers.push(name, value)
      takesAuthorization = false
    } else if (fate === 'request-id' && facts.requestId === undefined) headers.push(name, value)
  }
  if (facts.trace !== undefined) pushTrace(headers, facts.trace)
  const own = withoutHeaders(headers, connectionTokens(connection))
  addFacts(own, facts)
  return own
}

function addFacts(headers: string[], facts: ForwardFacts): void {
  headers.push('Host', facts.host, 'X-Forwarded-Proto', facts.scheme, 'X-Forwarded-Host', facts.forwardedHost)
  if (facts.clientAddress !== '') {
    headers.push('X-Forwarded-For', facts.forwardedFor ?? facts.clientAddress)
    headers.push('X-Real-IP', facts.clientAddress)
  }
  if (facts.requestId !== undefined) headers.push('X-Request-Id', facts.requestId)
  for (const [name, value] of facts.identity) headers.push(name, value)
  if (facts.bearer !== undefined) headers.push('Authorization', `Bearer ${facts.bearer}`)
}

/** Its own `Connection` may name it, as any header of the client: then there is none. */
function pushTrace(headers: string[], { traceparent, tracestate }: TraceHeaders): void {
  headers.push('traceparent', traceparent)
  if (tracestate !== undefined) headers.push('tracestate', tracestate)
}

function pushCookies(headers: string[], name: string, value: string, facts: ForwardFacts): void {
  const kept = facts.withoutOwnCookies(value)
  if (kept !== undefined) headers.push(name, kept)
}

/** Names repeat from request to request, so what is to be done with one is worked out once (measured: 3 µs a request saved). */
function learn(name: string): KnownName {
  const folded = foldHeaderName(name)
  const known = { fate: fateOf(name.toLowerCase(), folded), folded }
  if (name.length > maxKnownLength) return known
  if (knownNames.size >= maxKnownNames) knownNames.clear()
  knownNames.set(name, known)
  return known
}

function fateOf(name: string, folded: string): Fate {
  if (name === 'connection' || name === 'cookie' || name === 'authorization' || name === 'content-length')
    return name
  if (folded === 'x-request-id') return 'request-id'
  if (name === 'traceparent' || name === 'tracestate') return 'strip'
  return needsStripping(folded) ? 'strip' : 'pass'
}

// `Content_Length` is no length to us, but may be one to an upstream that reads names as variables.
function needsStripping(folded: string): boolean {
  return folded === 'host' || folded === 'content-length' || isStrippedRequestHeader(folded, noNames)
}
