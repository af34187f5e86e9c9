import type { FastifyRequest } from 'fastify'
import { presentedToken } from '../core/authorization-header.ts'
import type { BearerOutcome, TokenFault } from '../core/bearer-token.ts'
import { accepts } from '../core/decision.ts'
import { createMemo } from '../core/memo.ts'
import type { Rule } from '../core/rule.ts'
import type { Identify, Identity } from './identity.ts'

/** Who a request is from, by the one credential that counts; or what is wrong with that one. */
export type Caller = Identity &
  Readonly<{
    /** A bearer token was sent that does not count. Nothing else is looked at then. */
    fault?: TokenFault
    /** The Authorization header is none. */
    isMalformed?: true
  }>

/** Finds out who a request is from; synchronous where nobody has to be asked. */
export type FindCaller = (request: FastifyRequest, rules: readonly Rule[]) => Caller | Promise<Caller>

type FindCallerOptions = Readonly<{
  identify: Identify
  /** Judges a bearer token; absent where none is accepted. */
  identifyBearer?: ((token: string) => BearerOutcome | Promise<BearerOutcome>) | undefined
  /** Tells whether the upstream of a rule is sent a token, so that a session without a usable one will not do. */
  needsToken: (rule: Rule) => boolean
}>

const nobody: Caller = Object.freeze({})
const malformed: Caller = Object.freeze({ isMalformed: true })

/** Authorization headers that are not read again. */
const rememberedHeaders = 1_024

/**
 * Builds what picks the one credential of a request: a bearer token goes before a session, and one that fails never
 * falls back to it. Public rules look at neither: there is nothing to protect, and nothing to hand on.
 */
export function createFindCaller(options: FindCallerOptions): FindCaller {
  const { identify, identifyBearer, needsToken } = options
  const tokenIn = createMemo(rememberedHeaders, presentedToken)
  return findCaller

  function findCaller({ visit, headers }: FastifyRequest, rules: readonly Rule[]): Caller | Promise<Caller> {
    const { authorization } = headers
    if (authorization !== undefined && identifyBearer !== undefined && rules.some(takesBearer)) {
      const presented = tokenIn(authorization)
      if (presented.kind === 'malformed') return malformed
      if (presented.kind === 'token') return settled(identifyBearer(presented.token))
    }
    if (visit.site === undefined || !rules.some(takesSession)) return nobody
    return identify(visit.site.cookies.sessions, headers.cookie, rules.some(needsToken))
  }
}

const takesBearer = (rule: Rule) => rule.access !== 'public' && accepts(rule, 'bearer')
const takesSession = (rule: Rule) => rule.access !== 'public' && accepts(rule, 'session')

function settled(outcome: BearerOutcome | Promise<BearerOutcome>): Caller | Promise<Caller> {
  return outcome instanceof Promise ? outcome.then(callerOf) : callerOf(outcome)
}

function callerOf(outcome: BearerOutcome): Caller {
  switch (outcome.kind) {
    case 'verified':
      return outcome
    case 'refused':
      return { fault: outcome.fault }
    case 'unavailable':
      return { failure: { code: 'POSTERN_PROVIDER_UNREACHABLE', retryAfter: outcome.retryAfter } }
  }
}
