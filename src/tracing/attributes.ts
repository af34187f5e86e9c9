import type { Attributes } from '@opentelemetry/api'
import type { ProviderExchange, SpanFacts, UpstreamExchange } from '../core/request-span.ts'

/** The methods that have a name of their own in spans: others could be any number. */
const knownMethods = new Set([
  ...['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'],
])

/**
 * The name of a span: the method, and what it is about.
 * @see OpenTelemetry, Semantic Conventions for HTTP Spans
 */
export function spanName(method: string, target: string | undefined): string {
  const shown = knownMethods.has(method) ? method : 'HTTP'
  return target === undefined ? shown : `${shown} ${target}`
}

/** What the span of a request tells. */
export function requestAttributes(facts: SpanFacts): Attributes {
  const { path, route, rule, status, client } = facts
  return {
    ...methodAttributes(facts.method),
    ...hostAttributes(facts.host),
    'url.scheme': facts.scheme,
    ...(path !== undefined && { 'url.path': path }),
    ...(route !== undefined && { 'http.route': route }),
    ...(client !== '' && { 'client.address': client }),
    'http.response.status_code': status,
    ...(status >= 500 && { 'error.type': String(status) }),
    ...(rule !== undefined && { 'postern.rule': rule }),
    'postern.decision': facts.decision,
    'postern.reason': facts.reason,
    'postern.request_id': facts.requestId,
  }
}

/** What the span of a request to an upstream tells from its beginning. */
export function upstreamAttributes({ upstream, method, url, path }: UpstreamExchange): Attributes {
  return {
    ...methodAttributes(method),
    ...(url.socket_path === undefined ? originAttributes(url.origin) : { 'server.address': url.socket_path }),
    'url.full': url.origin + path,
    'postern.upstream': upstream,
  }
}

/** What the span of a request to a provider tells. */
export function providerAttributes(exchange: ProviderExchange): Attributes {
  const { operation, outcome, status } = exchange
  const { origin, pathname } = new URL(exchange.url)
  return {
    ...methodAttributes(exchange.method),
    ...originAttributes(origin),
    // Without the query, whoever put something into it.
    'url.full': origin + pathname,
    ...(status !== undefined && { 'http.response.status_code': status }),
    ...(outcome !== 'answered' && { 'error.type': outcome }),
    'postern.operation': operation,
  }
}

function methodAttributes(method: string): Attributes {
  if (knownMethods.has(method)) return { 'http.request.method': method }
  return { 'http.request.method': '_OTHER', 'http.request.method_original': method }
}

/** A Host header may be nonsense: then this is left out. */
function hostAttributes(host: string): Attributes {
  const [, address, port] = /^([\w.-]+|\[[\da-f:.]+\])(?::(\d{1,5}))?$/i.exec(host) ?? []
  return {
    ...(address !== undefined && { 'server.address': address }),
    ...(port !== undefined && { 'server.port': Number(port) }),
  }
}

function originAttributes(origin: string): Attributes {
  const { hostname, port, protocol } = new URL(origin)
  const usual = protocol === 'https:' ? 443 : 80
  return { 'server.address': hostname, 'server.port': port === '' ? usual : Number(port) }
}
