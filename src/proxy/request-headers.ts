import { withoutCookies } from '../core/cookies.ts'
import { foldHeaderName, isStrippedRequestHeader } from '../core/headers.ts'

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
  /** The token to send as the only Authorization. */
  bearer?: string | undefined
  /** Lets the client's own Authorization through, unless there is a `bearer`. */
  passAuthorization: boolean
  /** Header names and values; text outside ASCII is sent as UTF-8. */
  identity: readonly (readonly [name: string, value: string])[]
  /** Tells which cookies are the gateway's own and never reach an upstream. */
  ownsCookie: (name: string) => boolean
  /** Names of further headers to remove, folded. */
  stripped: ReadonlySet<string>
}>

type Fate = 'connection' | 'cookie' | 'authorization' | 'content-length' | 'request-id' | 'strip' | 'pass'
type KnownName = Readonly<{ fate: Fate; folded: string }>

const noNames: ReadonlySet<string> = new Set()
const knownNames = new Map<string, KnownName>()
const maxKnownNames = 1_000

/**
 * The headers of the upstream request as undici takes them (names and values alternating), from `req.rawHeaders`.
 *
 * What `Connection` names is removed from the client's headers before ours are added, so it cannot remove ours; Cookie and
 * Content-Length are no options of a connection and stay (RFC 9110 section 7.6.1).
 */
export function requestHeaders(raw: readonly string[], facts: ForwardFacts): string[] {
  const headers: string[] = []
  let options = ''
  let takesAuthorization = facts.passAuthorization && facts.bearer === undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    const { fate, folded } = knownNames.get(name) ?? learn(name)
    if (fate === 'pass') {
      if (!facts.stripped.has(folded)) headers.push(name, value)
    } else if (fate === 'cookie') pushCookies(headers, name, value, facts)
    else if (fate === 'content-length') headers.push(name, value)
    else if (fate === 'connection') options += `${value},`
    else if (fate === 'authorization' && takesAuthorization) {
      headers.push(name, value)
      takesAuthorization = false
    } else if (fate === 'request-id' && facts.requestId === undefined) headers.push(name, value)
  }
  const own = isPlain(options) ? headers : withoutOptions(headers, options)
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
  for (const [name, value] of facts.identity) headers.push(name, headerText(value))
  if (facts.bearer !== undefined) headers.push('Authorization', `Bearer ${facts.bearer}`)
}

function pushCookies(headers: string[], name: string, value: string, facts: ForwardFacts): void {
  const kept = withoutCookies(value, facts.ownsCookie)
  if (kept !== undefined) headers.push(name, kept)
}

/** Names repeat from request to request, so what is to be done with one is worked out once (measured: 4 µs a request). */
function learn(name: string): KnownName {
  if (knownNames.size >= maxKnownNames) knownNames.clear()
  const folded = foldHeaderName(name)
  const known = { fate: fateOf(name.toLowerCase(), folded), folded }
  knownNames.set(name, known)
  return known
}

function fateOf(name: string, folded: string): Fate {
  if (name === 'connection' || name === 'cookie' || name === 'authorization' || name === 'content-length')
    return name
  if (folded === 'x-request-id') return 'request-id'
  return needsStripping(folded) ? 'strip' : 'pass'
}

// `Content_Length` is no length to us, but may be one to an upstream that reads names as variables.
function needsStripping(folded: string): boolean {
  return folded === 'content-length' || isStrippedRequestHeader(folded, noNames)
}

function isPlain(options: string): boolean {
  return options === '' || options === 'keep-alive,' || options === 'close,'
}

function withoutOptions(headers: readonly string[], options: string): string[] {
  const named = new Set(options.split(',').map((option) => foldHeaderName(option.trim())))
  named.delete('cookie')
  named.delete('content-length')
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    if (!named.has(foldHeaderName(name))) kept.push(name, headers[i + 1] as string)
  }
  return kept
}

const isAscii = /^[\x20-\x7e]*$/
const controls = /\p{Cc}/gu

/** A value as header bytes: UTF-8 in the one-byte string Node writes, without control characters. */
function headerText(value: string): string {
  if (isAscii.test(value)) return value
  return Buffer.from(value.replace(controls, '')).toString('latin1')
}
