import type { FastifyRequest } from 'fastify'

/** The query parameters of a request to one of our endpoints. */
export function queryOf(request: FastifyRequest): URLSearchParams {
  return new URLSearchParams(request.visit.target?.query ?? '')
}

/** Tells whether a parameter that may stand once stands several times (RFC 6749 section 3.1). */
export function hasRepeated(query: URLSearchParams, names: readonly string[]): boolean {
  return names.some((name) => query.getAll(name).length > 1)
}
