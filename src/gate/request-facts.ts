import type { FastifyRequest } from 'fastify'
import { maySendSession } from '../core/cors.ts'
import type { RequestFacts } from '../core/decision.ts'
import {
  isCrossOriginFetch,
  isCrossSite,
  isForeignUpgrade,
  isNavigation,
  isRetrieval,
} from '../core/navigation.ts'
import type { Rule } from '../core/rule.ts'
import type { Caller } from './caller.ts'
import type { Sites } from './site.ts'
import type { Visit } from './visit.ts'

type Surroundings = Readonly<{
  sites: Sites
  /** Epoch seconds. */
  clock: () => number
}>

/** What the decision by one rule needs to know of a request. */
export function requestFacts(
  { headers, visit }: Pick<FastifyRequest, 'headers' | 'visit'>,
  rule: Rule,
  { bearer }: Pick<Caller, 'bearer'>,
  { sites, clock }: Surroundings,
): RequestFacts {
  const { method, isUpgrade, cors } = visit
  const isAllowed = (origin: string) => sites.isOwnOrigin(origin) || maySend(rule, origin, method)
  // A script that may read the answer is told so; the redirect to a login it could not follow.
  const isFetched = isUpgrade || (cors !== undefined && isCrossOriginFetch(headers))
  return {
    isSafe: !isFetched && isRetrieval(method || 'GET'),
    // Asked only where a login may follow: reading Accept is dear.
    isNavigation:
      bearer === undefined &&
      !isFetched &&
      mayNavigate(rule, visit) &&
      isNavigation(method || 'GET', headers),
    isCrossSite: isUpgrade
      ? isForeignUpgrade(headers, isAllowed)
      : isCrossSite(method || assumedMethod(headers), headers, isAllowed),
    // Asked only where a rule has a limit: on some machines reading the clock takes as long as finding a rule.
    now: rule.maxAge === undefined ? 0 : clock(),
  }
}

/** Where the method is not known, an Origin tells of one that may change something; every browser sends it then. */
function assumedMethod({ origin }: FastifyRequest['headers']): string {
  return origin === undefined ? 'GET' : 'POST'
}

/** Whether it can matter that a request is a page view: nobody is there, or the rule may ask for more. */
function mayNavigate({ acr, maxAge, onMissingScope }: Rule, { session }: Visit): boolean {
  return session === undefined || acr.length > 0 || maxAge !== undefined || onMissingScope === 'request'
}

/** Origins whose pages may use the session for more than reading: those that are named, or that CORS lets send it. */
function maySend({ allowedOrigins, cors }: Rule, origin: string, method: string): boolean {
  return allowedOrigins.includes(origin) || (cors !== undefined && maySendSession(cors, origin, method))
}
