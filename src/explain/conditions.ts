import type { FastifyRequest } from 'fastify'
import { authenticationGap } from '../core/authentication.ts'
import { accepts } from '../core/decision.ts'
import type { RequestPath } from '../core/request-path.ts'
import type { Rule } from '../core/rule.ts'
import { claimValue, missingClaims, missingScopes } from '../core/scope.ts'
import type { Claims } from '../core/session.ts'
import { requestFacts } from '../gate/request-facts.ts'
import type { Sites } from '../gate/site.ts'
import type { Visit } from '../gate/visit.ts'
import type { Condition } from './explanation.ts'

/** What is known of a request whose rules are explained. */
export type Seen = Readonly<{
  request: Pick<FastifyRequest, 'headers' | 'visit'>
  sites: Sites
  /** Epoch seconds. */
  clock: () => number
}>

/** Who counts under a rule. */
type Counted = Readonly<{ claims: Claims; scopes: readonly string[]; audiences?: readonly string[] }>

/** What a rule demands of a request, whoever sends it. */
export function shapeConditions(rule: Rule, { request }: Pick<Seen, 'request'>): readonly Condition[] {
  const { visit } = request
  return [...methodCondition(rule, visit), ...spellingCondition(rule, visit.target as RequestPath)]
}

/** What a rule demands of the caller, in the order in which it is looked at. */
export function callerConditions(rule: Rule, seen: Seen): readonly Condition[] {
  const { visit } = seen.request
  if (rule.access === 'public') return [accessCondition(rule, undefined)]
  const caller = countedBy(rule, visit)
  return [
    accessCondition(rule, caller),
    credentialCondition(rule, visit),
    ...audienceCondition(rule, caller),
    ...csrfCondition(rule, caller, seen),
    ...scopeConditions(rule, caller),
    ...claimConditions(rule, caller),
    ...authenticationConditions(rule, caller, seen.clock()),
  ]
}

function countedBy(rule: Rule, { session, bearer }: Visit): Counted | undefined {
  if (bearer !== undefined) return accepts(rule, 'bearer') ? bearer : undefined
  return accepts(rule, 'session') ? session : undefined
}

function methodCondition({ methods }: Rule, { method }: Visit): Condition[] {
  if (methods === undefined) return []
  const isMet = methods.includes(method) || (method === 'HEAD' && methods.includes('GET'))
  return [{ name: 'methods', wanted: methods, seen: method, isMet }]
}

function spellingCondition({ allow }: Rule, { needs }: RequestPath): Condition[] {
  if (needs.length === 0) return []
  const lacks = needs.filter((need) => !allow.includes(need))
  return [{ name: 'allow', wanted: needs, seen: allow, lacks, isMet: lacks.length === 0 }]
}

function accessCondition({ access }: Rule, caller: Counted | undefined): Condition {
  const sub = caller && (claimValue(caller.claims, 'sub') ?? 'a client')
  return {
    name: 'access',
    wanted: [access],
    ...(sub !== undefined && { seen: sub }),
    isMet: access !== 'authenticated' || caller !== undefined,
  }
}

function credentialCondition({ credentials, access }: Rule, { session, bearer }: Visit): Condition {
  const seen = bearer !== undefined ? 'bearer' : session && 'session'
  return {
    name: 'credentials',
    wanted: credentials,
    ...(seen !== undefined && { seen }),
    isMet: access === 'optional' || credentials.some((kind) => kind === seen),
  }
}

function audienceCondition({ audience }: Rule, caller: Counted | undefined): Condition[] {
  const { audiences } = caller ?? {}
  if (audience.length === 0 || audiences === undefined) return []
  const isMet = audience.some((name) => audiences.includes(name))
  return [{ name: 'audience', wanted: audience, seen: audiences, isMet }]
}

/** Only what a browser adds by itself can be misused by other sites. */
function csrfCondition(
  rule: Rule,
  caller: Counted | undefined,
  { request, sites, clock }: Seen,
): Condition[] {
  const { session, isUpgrade } = request.visit
  if (session === undefined || caller !== session) return []
  const { isCrossSite } = requestFacts(request, rule, {}, { sites, clock })
  const { origin, 'sec-fetch-site': site } = request.headers
  const seen = origin ?? site
  if (!isCrossSite && seen === undefined && !isUpgrade) return []
  return [
    {
      name: 'csrf',
      wanted: [rule.csrf ? 'on' : 'off'],
      ...(seen !== undefined && { seen }),
      isMet: !(rule.csrf && isCrossSite),
    },
  ]
}

function scopeConditions({ scopes, anyScope }: Rule, caller: Counted | undefined): Condition[] {
  const granted = caller?.scopes ?? []
  const seen = caller === undefined ? {} : { seen: granted }
  const lacks = missingScopes({ scopes, anyScope: [] }, granted)
  const lacksAny = missingScopes({ scopes: [], anyScope }, granted)
  return [
    ...(scopes.length === 0
      ? []
      : [{ name: 'scopes', wanted: scopes, ...seen, lacks, isMet: lacks.length === 0 }]),
    ...(anyScope.length === 0
      ? []
      : [{ name: 'any_scope', wanted: anyScope, ...seen, isMet: lacksAny.length === 0 }]),
  ]
}

function claimConditions({ claims: wanted }: Rule, caller: Counted | undefined): Condition[] {
  const claims = caller?.claims ?? {}
  const missing = missingClaims(wanted, claims)
  return Object.entries(wanted).map(([name, values]) => {
    const seen = claimValue(claims, name)
    return {
      name: `claims.${name}`,
      wanted: values,
      ...(seen !== undefined && { seen }),
      isMet: !missing.includes(name),
    }
  })
}

function authenticationConditions(
  { acr, maxAge }: Rule,
  caller: Counted | undefined,
  now: number,
): Condition[] {
  const claims = caller?.claims ?? {}
  const seenAcr = claims['acr'] === undefined ? {} : { seen: claims['acr'] }
  const { auth_time: authTime } = claims
  const age = typeof authTime === 'number' ? { seen: now - authTime } : {}
  return [
    ...(acr.length === 0
      ? []
      : [
          {
            name: 'acr',
            wanted: acr,
            ...seenAcr,
            isMet: authenticationGap({ acr }, claims, now) === undefined,
          },
        ]),
    ...(maxAge === undefined
      ? []
      : [
          {
            name: 'max_age',
            wanted: [maxAge],
            ...age,
            isMet: authenticationGap({ acr: [], maxAge }, claims, now) === undefined,
          },
        ]),
  ]
}
