import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Rule } from '../core/rule.ts'
import type { CookieChange } from './cookie-change.ts'
import { type Caller, callerFor, identityValue, tokenFor } from './handed-on.ts'

/** Answers a check: the request may pass, and this is what the service behind the asking proxy is to be told. */
export type Permit = Readonly<{
  allow(request: FastifyRequest, reply: FastifyReply): void
  /** For a request that is nobody's, such as a preflight. */
  anonymously(reply: FastifyReply): void
}>

type PermitOptions = Readonly<{
  status: number
  /** Header names, each with the claim it tells. */
  identityHeaders: Readonly<Record<string, string>>
  token: 'access' | 'id' | 'none'
  hasAccessTokenHeader: boolean
  cookieLines: (change: CookieChange | undefined) => readonly string[]
}>

type Told = Readonly<Record<string, string>>

/** Another path may be forbidden to the same caller: nobody is to keep the answer and go by it. */
const always = { 'cache-control': 'private, no-store' }

/**
 * Builds what answers an allowed check. Every header that could be there is there, empty if need be: the asking proxy
 * copies them over what the client sent under the same names.
 */
export function createPermit(options: PermitOptions): Permit {
  const { status, identityHeaders, token, hasAccessTokenHeader, cookieLines } = options
  const identities = Object.entries(identityHeaders)
  const toldOf = new WeakMap<Caller, Told>()
  const nobody = Object.freeze(describe(undefined))

  return { allow, anonymously }

  function allow(request: FastifyRequest, reply: FastifyReply): void {
    const { visit } = request
    const rule = visit.rule as Rule
    reply.code(status).headers(told(callerFor(rule, visit)))
    // What the client may say for itself by a public rule must not be taken out by the copying.
    if (rule.authorization === 'pass' && token !== 'none') {
      reply.header('authorization', request.headers.authorization ?? '')
    }
    const [cookie] = cookieLines(visit.cookies)
    if (cookie !== undefined) reply.header('set-cookie', cookie)
    reply.send()
  }

  function anonymously(reply: FastifyReply): void {
    reply.code(status).headers(nobody).send()
  }

  /** A session or verified token is the same object from check to check. */
  function told(caller: Caller | undefined): Told {
    if (caller === undefined) return nobody
    const known = toldOf.get(caller)
    if (known !== undefined) return known
    const fresh = Object.freeze(describe(caller))
    toldOf.set(caller, fresh)
    return fresh
  }

  function describe(caller: Caller | undefined): Told {
    const value = (claim: string) => (caller && identityValue(claim, caller)) ?? ''
    const bearer = caller && tokenFor(token, caller)
    return {
      ...always,
      ...Object.fromEntries(identities.map(([name, claim]) => [name.toLowerCase(), value(claim)])),
      ...(token !== 'none' && { authorization: bearer === undefined ? '' : `Bearer ${bearer}` }),
      ...(hasAccessTokenHeader && {
        'x-auth-request-access-token': (caller && tokenFor('access', caller)) ?? '',
      }),
    }
  }
}
