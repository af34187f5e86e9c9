import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { headProblem } from '../core/request-head.ts'
import { canonicalPath } from '../core/request-path.ts'
import type { Answers } from './answer.ts'
import { awaitsContinue, upgradeOf } from './arrival.ts'
import type { Sites } from './site.ts'
import { createTurns } from './turns.ts'
import type { Origin, Visit } from './visit.ts'

type FrontOptions = Readonly<{
  sites: Sites
  answers: Answers
  /** Tells whether a rule names this host. */
  ruleKnowsHost: (host: string) => boolean
  originOf: (request: IncomingMessage) => Origin
  createRequestId: () => string
  /** Called once, when the response or the tunnel is over, or the client gone. */
  onEnd: (request: FastifyRequest, reply: FastifyReply) => void
  /** Monotonic milliseconds. */
  elapsed: () => number
}>

/**
 * Builds the hook that every request passes first, our own endpoints included: it opens the visit and refuses
 * what readers could disagree on (head, host, target) before anything is looked up.
 */
export function createFront(options: FrontOptions): onRequestHookHandler {
  const { sites, answers, ruleKnowsHost, originOf, createRequestId, onEnd, elapsed } = options
  const turns = createTurns()

  return function front(request, reply, done) {
    const { raw } = request
    const origin = originOf(raw)
    const { host } = origin
    const visit: Visit = {
      requestId: createRequestId(),
      startedAt: elapsed(),
      origin,
      target: canonicalPath(raw.url as string),
      site: host === undefined ? undefined : sites.of(host),
      isUpgrade: upgradeOf.has(raw),
      expectsContinue: awaitsContinue.has(raw),
    }
    request.visit = visit
    const connection = visit.isUpgrade ? raw.socket : reply.raw
    // Not `once`, whose wrapper costs more than it saves: a response closes one time only.
    connection.on('close', () => {
      onEnd(request, reply)
      if (visit.hasTurn === true) turns.pass(raw.socket)
    })

    // Refusals wait for their turn as well: what is sent ahead behind one that ends the connection must not begin.
    turns.take(raw.socket, () => {
      visit.hasTurn = true
      const problem = headProblem(raw.rawHeaders, raw.httpVersion)
      if (problem !== undefined) return answers.badRequest(request, reply, problem)
      if (host === undefined) return answers.badRequest(request, reply, 'host-invalid')
      if (visit.target === undefined) return answers.badRequest(request, reply, 'target-not-canonical')
      if (visit.site === undefined && !ruleKnowsHost(host)) return answers.misdirected(request, reply)
      done()
    })
  }
}
