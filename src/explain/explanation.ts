import type { Line } from '../config/problem.ts'
import type { PathNeed, TargetFault } from '../core/request-path.ts'
import type { Claims } from '../core/session.ts'

/** What the gateway would do with a request, and why. Holds no token, and of cookies only the names. Times are epoch seconds. */
export type Explanation = Readonly<{
  request: RequestExplanation
  path: PathExplanation
  host: HostExplanation
  caller: CallerExplanation
  /** Those the request had to satisfy, that of the path as written first. */
  rules: readonly RuleExplanation[]
  decision: DecisionExplanation
  /** What the upstream would be asked; absent where it is not. */
  upstream?: UpstreamExplanation
}>

export type RequestExplanation = Readonly<{
  method: string
  host: string
  target: string
  /** Whether it came by itself or is asked about by another proxy. */
  via: 'direct' | 'check'
  isPageView: boolean
  isWebSocket: boolean
}>

export type PathExplanation =
  | Readonly<{
      isCanonical: true
      path: string
      /** Empty, or from the `?` on. */
      query: string
      /** What lax upstreams may read instead. */
      readings: readonly string[]
      needs: readonly PathNeed[]
    }>
  | (Readonly<{ isCanonical: false }> & TargetFault)

export type HostExplanation = Readonly<{
  /** Absent when it is not well-formed. */
  name?: string
  isServed: boolean
  /** The public origin that it belongs to; absent where only a rule names the host. */
  origin?: string
}>

export type CallerExplanation = Readonly<{
  /** By what the gateway knows the caller for this request. */
  kind: 'nobody' | 'session' | 'bearer'
  /** Whether something that says who is calling came along, and did not count here. */
  isPassedOver: boolean
  sub?: string
  scopes?: readonly string[]
  claims?: Claims
  /** What was found in the cookie, when one was given. */
  cookie?: CookieExplanation
}>

/** `unreadable`: sealed with another key, or changed; `over`: by its absolute lifetime or for want of use. */
export type CookieExplanation = Readonly<{
  state: 'absent' | 'unreadable' | 'over' | 'live'
  session?: Readonly<{
    sub: string
    scopes: readonly string[]
    claims: Claims
    createdAt: number
    lastSeenAt: number
    /** If nothing is done with it. */
    endsAt: number
    accessTokenEndsAt?: number
    /** Whether the access token can be renewed. */
    hasRefreshToken: boolean
  }>
}>

/** One demand of a rule, and what was there. */
export type Condition = Readonly<{
  /** As the key is called in the configuration; of `claims` one for each claim. */
  name: string
  wanted: readonly (string | number | boolean)[]
  /** JSON; absent for nothing. */
  seen?: unknown
  /** What is missing of `wanted`, where that is not all of it. */
  lacks?: readonly string[]
  isMet: boolean
}>

export type RuleExplanation = Readonly<{
  name: string
  /** Where it is written. */
  at: Line
  path: string
  host?: string
  methods?: readonly string[]
  upstream?: string
  /** The readings of the path that it is for; none where the method is not known. */
  readings: readonly string[]
  /** Whether it is the rule that decided. */
  isDeciding: boolean
  conditions: readonly Condition[]
}>

/** `answer`: the gateway answers by itself, and refuses nothing. */
export type DecisionKind = 'forward' | 'login' | 'challenge' | 'forbid' | 'refuse' | 'answer'

export type DecisionExplanation = Readonly<{
  kind: DecisionKind
  /** As in the log. */
  reason: string
  /** Absent where the upstream, or an endpoint of ours, says. */
  status?: number
  /** The rule that decided. */
  rule?: string
  /** What the answer of the gateway carries, or tells the proxy that asks. */
  headers: Readonly<Record<string, string>>
}>

export type UpstreamExplanation = Readonly<{
  name: string
  /** Where it listens: an origin, or `unix:` and a path. */
  address: string
  /** Path and query as they are sent. */
  path: string
  headers: readonly (readonly [name: string, value: string])[]
}>

/** Whether the request may pass. */
export function isAllowed({ decision }: Explanation): boolean {
  return decision.kind === 'forward' || decision.kind === 'answer'
}
