import { type ErrorCode, PosternError } from '../core/errors.ts'

const timeouts = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
])
const refusedByUndici = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED'])

/** Names why an exchange with an upstream failed; `hasStarted` tells whether a byte of a response had arrived. */
export function upstreamFailure(upstream: string, error: Error, hasStarted: boolean): PosternError {
  // Ours from the beginning: the body of the request.
  if (error instanceof PosternError) return error
  const cause = 'code' in error ? String(error.code) : error.name
  return new PosternError(failureCode(cause, hasStarted), `upstream ${upstream}: ${cause}`, { cause: error })
}

function failureCode(cause: string, hasStarted: boolean): ErrorCode {
  if (timeouts.has(cause)) return 'POSTERN_UPSTREAM_TIMEOUT'
  if (hasStarted) return 'POSTERN_UPSTREAM_INVALID'
  return refusedByUndici.has(cause) ? 'POSTERN_INTERNAL' : 'POSTERN_UPSTREAM_UNREACHABLE'
}
