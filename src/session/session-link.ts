import type { Session } from '../core/session.ts'
import type { Outcome } from './refresh-outcome.ts'

/**
 * The way to the process that knows about the sessions of all others: it alone spends refresh tokens, so that there is a
 * single flight however many processes serve, and none of it is lost when one of them dies.
 */
export type SessionLink = Readonly<{
  /** What to go on with; never rejects. */
  renew: (session: Session) => Promise<Outcome>
  /** Ends a session everywhere and revokes its tokens; resolves when no process lets it in any more. */
  end: (session: Session) => Promise<void>
  /** Spends the state of a login; false when any process saw it spent before. */
  spend: (state: string) => Promise<boolean>
  /** A session is over that the others need not ask for any more. */
  tellEnded: (id: string, until: number) => void
  /** A browser came with the cookie of a renewed session. */
  tellSeen: (session: Session) => void
  /** A session was in use at that second, and no cookie can say so. */
  tellSighting: (id: string, at: number) => void
}>
