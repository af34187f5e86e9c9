import type { ErrorCode } from '../core/errors.ts'

/** What the refresh function rejects with; `isAmbiguous` when the request may have reached the provider all the same. */
export type RefreshFailure = Readonly<{ code: ErrorCode; isAmbiguous?: boolean }>

/** The code of a failure; POSTERN_INTERNAL for one that carries none of ours. */
export function failureCode(error: unknown): ErrorCode {
  const { code } = Object(error) as Partial<RefreshFailure>
  return typeof code === 'string' && code.startsWith('POSTERN_') ? code : 'POSTERN_INTERNAL'
}

/** Tells whether the refresh token may have been spent although no answer came. */
export function isAmbiguous(error: unknown): boolean {
  return (Object(error) as Partial<RefreshFailure>).isAmbiguous === true
}
