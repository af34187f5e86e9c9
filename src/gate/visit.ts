import type { FastifyRequest } from 'fastify'
import type { BearerToken } from '../core/bearer-token.ts'
import type { CorsHeaders } from '../core/cors.ts'
import type { RequestPath } from '../core/request-path.ts'
import type { RequestSpan } from '../core/request-span.ts'
import type { Rule } from '../core/rule.ts'
import type { Session } from '../core/session.ts'
import type { TraceContext } from '../core/trace-context.ts'
import type { CookieChange } from './cookie-change.ts'
import type { Site, Sites } from './site.ts'

/** Where a request came from, as far as trusted proxies may tell. */
export type Origin = Readonly<{
  /** The address of the client: the peer's, or what a trusted proxy says. */
  client: string
  /** The chain for X-Forwarded-For, this hop included. */
  forwardedFor: string
  /** The host that was asked for, normalised; `undefined` when it is not a well-formed one. */
  host: string | undefined
  /** The scheme that a trusted proxy reports. */
  scheme: 'http' | 'https' | undefined
  /** Whether a trusted proxy sent the request. */
  isProxied: boolean
}>

/** What is known of one request while it passes the gate; each step adds its part, the log line reads it at the end. */
export type Visit = {
  readonly requestId: string
  /** Monotonic milliseconds. */
  readonly startedAt: number
  /** This and what follows are of the request that is judged: at the auth endpoint that is not the one which came. */
  origin: Origin
  /** Empty where it is not known, so that whatever it may be must be permitted. */
  method: string
  /** Absent when the target is not canonical: then nothing but a refusal follows. */
  target: RequestPath | undefined
  /** Absent when no public URL has this host; a rule may still name it. */
  site: Site | undefined
  /** A WebSocket handshake. */
  isUpgrade: boolean
  /** The client waits for a 100 (RFC 9110 section 10.1.1). */
  readonly expectsContinue: boolean
  /** The trace that it is part of, as its sender says. */
  trace?: TraceContext | undefined
  /** Absent where nothing is traced. */
  span?: RequestSpan
  /** It is this request's turn on its connection; see `createTurns`. */
  hasTurn?: boolean
  /** The answer ends the connection: whatever stands behind this request on it is not served. */
  isLast?: boolean
  /** Our own endpoint that answers it: its path, which one of the table has. */
  endpoint?: string
  rule?: Rule
  /** Whether the answer is for one person only: by the rule, or by that of another reading of the path. */
  isProtected?: boolean
  decision?: string
  reason?: string
  session?: Session
  /** The caller, when it is a bearer token that said so; never beside a session. */
  bearer?: BearerToken
  /** What pages of other origins are told about reading the answer; see `corsHeaders`. */
  cors?: CorsHeaders
  /** As an identity says. */
  isUndelivered?: true
  /** The answer is a WebSocket or an event stream. */
  isStream?: true
  /** A sign-in or sign-out that this request brought to an end. */
  event?: 'sign-in' | 'sign-in-failed' | 'sign-out'
  /** Set-Cookie lines that go with whatever answer follows; see `cookieLinesFor`. */
  cookies?: CookieChange
}

/** The target of a request that the front has let pass. */
export function targetOf({ visit }: FastifyRequest): RequestPath {
  return visit.target as RequestPath
}

/** The site a request belongs to; what has no public origin of its own logs in at the first one. */
export function siteOf({ visit }: FastifyRequest, sites: Sites): Site {
  return visit.site ?? sites.primary
}

/** The address of this very request, as the person may come back to it. */
export function hereOf(request: FastifyRequest, sites: Sites): string {
  const { path, query } = targetOf(request)
  return siteOf(request, sites).origin + path + query
}

/** The origin that a request was sent to; a rule may name hosts that have no public origin. */
export function originOf({ visit }: FastifyRequest, defaultScheme: 'http' | 'https'): string {
  const { site, origin } = visit
  return site?.origin ?? `${origin.scheme ?? defaultScheme}://${origin.host}`
}

/** Tells whether a path is one of our own endpoints, or might be. */
export function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f)
}

declare module 'fastify' {
  interface FastifyRequest {
    visit: Visit
  }
}
