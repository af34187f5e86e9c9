import type { BearerOutcome } from '../core/bearer-token.ts'
import type { Session } from '../core/session.ts'
import type { SessionStore } from '../session/session-store.ts'
import type { CookieExplanation } from './explanation.ts'

/** Who is asking: what the cookies of a kind of site hold, and what any bearer token comes to. */
export type Credentials = Readonly<{
  sessions: (scheme: 'http' | 'https') => SessionStore
  bearer?: BearerOutcome
  /** What a cookie holds beside what counts, where a real one was given. */
  lookInto?: (scheme: 'http' | 'https', cookieHeader: string) => CookieExplanation
}>

/** A store in which every cookie is this session; none where nobody is signed in. */
export function storeOf(session: Session | undefined): SessionStore {
  return {
    read: () => ({ session, isStale: false, isPresent: session !== undefined }),
    write: () => [],
    clear: () => [],
    owns: () => false,
  }
}

/** Nobody is asking. */
export const nobody: Credentials = Object.freeze({ sessions: () => storeOf(undefined) })
