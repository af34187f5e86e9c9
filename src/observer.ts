import type { RequestFacts } from './logs/request-log.ts'
import type { StreamKind } from './proxy/live-streams.ts'
import type { RefreshEvent } from './session/refresh-outcome.ts'

/** One answer of a provider or of another server that knows tokens, or that there was none. */
export type ProviderAnswer = Readonly<{
  /** The section of the configuration that names the server. */
  section: 'provider' | 'bearer'
  /** What was asked, as `Operation` in src/provider names it. */
  operation: string
  /** `answered`, `refused` (4xx), `failing` (429, 5xx), `unusable`, `timeout` or `unreachable`. */
  outcome: string
  ms: number
}>

/** The head of one answer of an upstream, or that there was none. */
export type UpstreamAnswer = Readonly<{
  upstream: string
  /** The class of the status, like `2xx`, or `unreachable`, `timeout`, `invalid`, or `cut` for an answer that broke off. */
  outcome: string
  /** From sending the request to the head; absent when no answer came. */
  ms?: number
}>

/** What became of a configuration that was read anew. */
export type Reload = Readonly<{ outcome: 'applied' | 'refused' }>

/** Records that got lost: a write failed, and will be tried again, or the memory for waiting records was full. */
export type AuditFailure = 'write-failed' | 'dropped'

/** What happened, told as plain data to whoever counts it or writes it down. None of it waits, and none of it may throw. */
export type Observer = Readonly<{
  /** A request is over: its answer or its tunnel ended, or the client went away. */
  requestEnded: (facts: RequestFacts) => void
  /** Bytes that never became a request were answered with this status. */
  unreadable: (status: number) => void
  refreshed: (event: RefreshEvent) => void
  /** A session was sealed into cookies of so many bytes, names included. */
  sessionSealed: (bytes: number) => void
  providerAnswered: (answer: ProviderAnswer) => void
  upstreamAnswered: (answer: UpstreamAnswer) => void
  streamOpened: (kind: StreamKind) => void
  streamClosed: (kind: StreamKind) => void
  /** A request was turned away to protect the process. */
  shed: (reason: string) => void
  reloaded: (reload: Reload) => void
  auditFailed: (failure: AuditFailure) => void
}>

const events = [
  'requestEnded',
  'unreadable',
  'refreshed',
  'sessionSealed',
  'providerAnswered',
  'upstreamAnswered',
  'streamOpened',
  'streamClosed',
  'shed',
  'reloaded',
  'auditFailed',
] as const satisfies readonly (keyof Observer)[]

type Listener = (fact: never) => void

/** Makes one observer of several, told in this order; each may leave out what it does not care about. */
export function joinObservers(...observers: readonly Partial<Observer>[]): Observer {
  const joined = events.map((event) => [
    event,
    inTurn(observers.flatMap((observer) => observer[event] ?? []) as readonly Listener[]),
  ])
  return Object.freeze(Object.fromEntries(joined))
}

/** One listener is called without a detour: that is the usual case, at every request. */
function inTurn(listeners: readonly Listener[]): Listener {
  const [only, ...others] = listeners
  if (only !== undefined && others.length === 0) return only
  return (fact) => {
    for (const listener of listeners) listener(fact)
  }
}
