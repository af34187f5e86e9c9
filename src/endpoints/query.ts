import type { FastifyRequest } from 'fastify'
import { targetOf } from '../gate/visit.ts'

/** The query parameters of a request to one of our endpoints. */
export function queryOf(request: FastifyRequest): URLSearchParams {
  return new URLSearchParams(targetOf(request).query)
}

/** Tells whether a parameter that may stand once stands several times (RFC 6749 section 3.1). */
export function hasRepeated(query: URLSearchParams, names: readonly string[]): boolean {
  return names.some((name) => query.getAll(name).length > 1)
}
