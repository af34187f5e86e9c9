/** The two headers by which a span is told to whoever is asked next. */
export type TraceHeaders = Readonly<{ traceparent: string; tracestate?: string | undefined }>

/** What is told of a request when it is over. */
export type SpanFacts = Readonly<{
  method: string
  scheme: 'http' | 'https'
  /** Host, with its port where that is not the usual one. */
  host: string
  /** The canonical path, without the query; absent when the target has none. */
  path?: string | undefined
  /** The pattern that the path matched: that of the rule, or of our own endpoint. */
  route?: string | undefined
  status: number
  rule?: string | undefined
  decision: string
  reason: string
  /** Address of the client; empty when it is not known. */
  client: string
  requestId: string
}>

/** A request to an upstream, as it begins. */
export type UpstreamExchange = Readonly<{
  upstream: string
  method: string
  /** Where it listens; `socket_path` in place of host and port. */
  url: Readonly<{ origin: string; socket_path?: string | undefined }>
  /** Without the query. */
  path: string
}>

/** The span of a request to an upstream; it ends with that of the request it was made for. */
export type UpstreamSpan = Readonly<{
  headers: TraceHeaders
  /** The head of the answer came. */
  answered: (status: number) => void
  /** There was no answer, or not all of it. */
  failed: (outcome: string) => void
}>

/** A request to a provider that is over. */
export type ProviderExchange = Readonly<{
  operation: string
  /** `answered`, or what went wrong. */
  outcome: string
  /** How long it took. */
  ms: number
  method: string
  url: string
  /** Absent when there was no answer. */
  status?: number | undefined
}>

/** The span of one request, and where those of what is asked for it are tied to it. */
export type RequestSpan = Readonly<{
  traceId: string
  /** Does something for the request: what it asks providers for, at once or later, belongs to this span. */
  run: (work: () => void) => void
  beginUpstream: (exchange: UpstreamExchange) => UpstreamSpan
  /** A provider was asked; nothing is told of what was sent when the request was over already. */
  providerAnswered: (exchange: ProviderExchange) => void
  end: (facts: SpanFacts) => void
}>
