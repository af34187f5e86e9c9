import type { FastifyRequest } from 'fastify'
import { returnTarget } from '../core/return-target.ts'
import type { Site, Sites } from '../gate/site.ts'
import { targetOf } from '../gate/visit.ts'

/** Finds out where a request to begin a login wants to go afterwards; an absolute URL, `/` of the site for nothing of ours. */
export type ReturnTo = (request: FastifyRequest, site: Site) => string

type ReturnToOptions = Readonly<{
  sites: Sites
  prefix: string
  isTrusted: (peer: string | undefined) => boolean
}>

/**
 * Builds the reader of return targets. The first of these that is there counts: `rd`, then, from trusted proxies,
 * `X-Auth-Request-Redirect` and `X-Forwarded-Uri` with its scheme and host.
 */
export function createReturnTo({ sites, prefix, isTrusted }: ReturnToOptions): ReturnTo {
  return (request, site) =>
    returnTarget(wishOf(request), { origin: site.origin, isAllowedOrigin: sites.isReturnOrigin, prefix })

  function wishOf(request: FastifyRequest): string | undefined {
    const { query } = targetOf(request)
    const written = unescapedReturn(query)
    if (written !== undefined) return written
    const rd = new URLSearchParams(query).getAll('rd')
    if (rd.length > 0) return rd.length === 1 ? rd[0] : undefined
    return isTrusted(request.raw.socket.remoteAddress) ? toldBy(request.headers) : undefined
  }
}

/**
 * An address that nginx wrote into the query as it was (`rd=$scheme://$host$request_uri`): its own query, `&` included,
 * goes up to the end. Whoever escapes an address escapes its `?` as well.
 */
function unescapedReturn(query: string): string | undefined {
  const [, written] = /^\?rd=((?:https?:\/\/|\/)[^&]*\?.*)$/.exec(query) ?? []
  return written
}

function toldBy(headers: FastifyRequest['headers']): string | undefined {
  const { 'x-auth-request-redirect': redirect, 'x-forwarded-uri': uri } = headers
  if (redirect !== undefined) return String(redirect)
  const { 'x-forwarded-proto': proto, 'x-forwarded-host': host } = headers
  if (uri === undefined || host === undefined || proto === undefined) return uri?.toString()
  return `${proto}://${host}${uri}`
}
