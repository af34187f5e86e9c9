import type { BearerToken } from '../core/bearer-token.ts'
import { accepts } from '../core/decision.ts'
import { headerValue } from '../core/headers.ts'
import type { Rule } from '../core/rule.ts'
import { claimValue } from '../core/scope.ts'
import type { Session } from '../core/session.ts'
import type { Visit } from './visit.ts'

/** Whom a request is from, as far as a service behind the gateway is told. */
export type Caller = Session | BearerToken

/** Who is handed on: nobody by a public rule, or by a credential that only counts for another reading of the path. */
export function callerFor(rule: Rule, { session, bearer }: Visit): Caller | undefined {
  if (rule.access === 'public') return undefined
  if (bearer !== undefined) return accepts(rule, 'bearer') ? bearer : undefined
  return accepts(rule, 'session') ? session : undefined
}

/** The token that goes with a request. A caller's own token is sent on as it came; it is no ID token. */
export function tokenFor(kind: 'access' | 'id' | 'none', caller: Caller): string | undefined {
  if (kind === 'none') return undefined
  if ('token' in caller) return kind === 'access' ? caller.token : undefined
  return kind === 'id' ? caller.tokens.idToken : caller.tokens.accessToken
}

/** What a header says about a caller; undefined where the claim is missing or cannot be written as one. */
export function identityValue(claim: string, caller: Caller): string | undefined {
  return headerValue(claim === 'sub' ? caller.sub : claimValue(caller.claims, claim))
}
