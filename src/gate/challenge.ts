import type { FastifyRequest } from 'fastify'
import { type AuthorizationWish, wishQuery } from '../core/authorization-wish.ts'
import { bearerChallenge, type Challenge } from '../core/challenge.ts'
import { accepts } from '../core/decision.ts'
import { metadataAddress, resourceFor } from '../core/protected-resource.ts'
import { isPlain } from '../core/request-path.ts'
import type { Rule } from '../core/rule.ts'
import type { Sites } from './site.ts'
import { originOf, siteOf, targetOf } from './visit.ts'

/** What tells clients what to do about a request that was not let pass. */
export type Challenges = Readonly<{
  /** The WWW-Authenticate line for a request that was judged by its rule. */
  header(request: FastifyRequest, challenge?: Omit<Challenge, 'realm' | 'resourceMetadata'>): string
  /** Where a browser begins a login that asks for this too; undefined where a session would not count. */
  loginUrl(request: FastifyRequest, wish?: AuthorizationWish): string | undefined
}>

type ChallengesOptions = Readonly<{
  sites: Sites
  prefix: string
  defaultScheme: 'http' | 'https'
  /** Every audience that bearer tokens may have; none where bearer tokens are not accepted. */
  audiences: readonly string[]
}>

/** Builds the writer of challenges. */
export function createChallenges({ sites, prefix, defaultScheme, audiences }: ChallengesOptions): Challenges {
  return { header, loginUrl }

  function header(request: FastifyRequest, challenge = {}): string {
    const rule = request.visit.rule as Rule
    const realm = originOf(request, defaultScheme)
    return bearerChallenge({ ...challenge, realm, resourceMetadata: metadataFor(request, rule, realm) })
  }

  function metadataFor(request: FastifyRequest, rule: Rule, origin: string): string | undefined {
    if (!accepts(rule, 'bearer')) return undefined
    const wanted = rule.audience.length > 0 ? rule.audience : audiences
    const target = targetOf(request)
    // Of a path that is not plain there is no metadata, but there is that of the whole host.
    return metadataAddress(resourceFor(origin, isPlain(target) ? target.path : '', wanted))
  }

  function loginUrl(request: FastifyRequest, wish?: AuthorizationWish): string | undefined {
    if (!accepts(request.visit.rule as Rule, 'session')) return undefined
    const query = wishQuery(wish).toString()
    return `${siteOf(request, sites).origin}${prefix}/start${query && `?${query}`}`
  }
}
