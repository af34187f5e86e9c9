import type { ErrorCode } from '../core/errors.ts'
import type { Session } from '../core/session.ts'

/** Why a session is over: refused by the provider, for another person, signed out, or a copy of an older cookie. */
export type EndReason = 'grant-refused' | 'subject-changed' | 'signed-out' | 'superseded'

/**
 * What became of a session that asked for a usable access token.
 * - `current`: go on with it, and write no renewed cookie; while another request is renewing it (`isRenewing`), none at all.
 * - `renewed`: go on with this one, and write its cookie.
 * - `ended`: there is no session; clear the cookie only when `clearCookie` says so, else it may be a younger one's.
 * - `expired`: the access token ran out and cannot be renewed; who it is for still holds.
 * - `unavailable`: no usable access token for now; `retryAfter` in seconds.
 */
export type Outcome =
  | Readonly<{ kind: 'current'; session: Session; isRenewing?: true }>
  | Readonly<{ kind: 'renewed'; session: Session }>
  | Readonly<{ kind: 'ended'; reason: EndReason; clearCookie: boolean }>
  | Readonly<{ kind: 'expired'; reason: 'access-token-expired' }>
  | Readonly<{ kind: 'unavailable'; code: ErrorCode; retryAfter: number }>

/** Everything that can happen at a refresh. */
export const refreshEvents = [
  'refreshed',
  'refused',
  'failed',
  'joined',
  'result-reused',
  'replay-suspected',
  'subject-changed',
  'discarded',
  'revocation-failed',
] as const

/** What happened at a refresh, for the log and the counters; carries no token. */
export type RefreshEvent = Readonly<{
  event: (typeof refreshEvents)[number]
  sessionId: string
  sub: string
  error?: unknown
}>
