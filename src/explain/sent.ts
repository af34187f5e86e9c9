import type { FastifyRequest } from 'fastify'
import type { Config } from '../config/schema.ts'
import { headerPairs } from '../core/headers.ts'
import type { Rule } from '../core/rule.ts'
import type { ForwardFactsOf } from '../forward-facts.ts'
import { targetOf } from '../gate/visit.ts'
import { requestHeaders } from '../proxy/request-headers.ts'
import { upstreamPath } from '../proxy/upstream-path.ts'
import { upstreamRoute } from '../proxy/upstream-route.ts'
import type { UpstreamExplanation } from './explanation.ts'

/** What the upstream of an admitted request would be asked. */
export function sentUpstream(
  request: FastifyRequest,
  { upstreams }: Config,
  factsOf: ForwardFactsOf,
): UpstreamExplanation {
  const { visit, raw } = request
  const name = (visit.rule as Rule).upstream as string
  const section = upstreams[name] as Config['upstreams'][string]
  const route = upstreamRoute(name, section)
  const { path, query } = targetOf(request)
  const { origin, socket_path: socketPath } = section.url
  return {
    name,
    address: socketPath === undefined ? origin : `unix:${socketPath}`,
    path: upstreamPath(route.mapping, path, query),
    headers: headerPairs(requestHeaders(raw.rawHeaders, factsOf(visit, route))).map(
      ([header, value]) => [header, shownHeader(header, value)] as const,
    ),
  }
}

/** A header as it may be shown. Credentials of the client that pass through are none of anybody's business; those of ours have names for values by now. */
export function shownHeader(name: string, value: string): string {
  if (/^cookie$/i.test(name)) return value.replace(/=[^;]*/g, '=<value>')
  if (/^authorization$/i.test(name) && !/^Bearer <[\w ]+>$/.test(value))
    return value.replace(/^(\S+)(?: .*)?$/s, '$1 <credentials>')
  return value
}
