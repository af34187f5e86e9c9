import type { FastifyReply, FastifyRequest } from 'fastify'
import { faultDescriptions, type TokenFault } from '../core/bearer-token.ts'
import { tokenProblem } from '../pages/problem.ts'
import type { Challenges } from './challenge.ts'
import type { Respond } from './respond.ts'

/** Refuses what came in the Authorization header; always as JSON, for no person sends one. */
export type RefuseToken = Readonly<{
  /** 401: a bearer token that does not count. */
  fault(request: FastifyRequest, reply: FastifyReply, fault: TokenFault): void
  /** 400: a header that is none. */
  malformed(request: FastifyRequest, reply: FastifyReply): void
}>

type Refusal = Readonly<{
  status: 400 | 401
  error: 'invalid_request' | 'invalid_token'
  description: string
  reason: string
}>

const malformedHeader: Refusal = Object.freeze({
  status: 400,
  error: 'invalid_request',
  description: 'The Authorization header is not a scheme followed by one token',
  reason: 'authorization-malformed',
})

/**
 * Builds what refuses tokens.
 * @see RFC 6750 section 3.1
 */
export function createRefuseToken(respond: Respond, challenges: Challenges): RefuseToken {
  return {
    fault(request, reply, fault) {
      const description = faultDescriptions[fault]
      refuse(request, reply, { status: 401, error: 'invalid_token', description, reason: fault })
    },
    malformed: (request, reply) => refuse(request, reply, malformedHeader),
  }

  function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): void {
    const { status, error, description, reason } = refusal
    const { requestId } = request.visit
    const body = tokenProblem({ status, error, detail: description, reason, requestId })
    const header = challenges.header(request, { error, description })
    respond.json(request, reply, status, body, { reason, headers: { 'www-authenticate': header } })
  }
}
