import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { PathRefusal } from '../core/judge-path.ts'
import type { Answers } from './answer.ts'
import type { Deny } from './denial.ts'
import type { Judge, Verdict } from './judge.ts'
import type { Preflight } from './preflight.ts'
import type { RefuseToken } from './refuse-token.ts'
import { isBelow, targetOf } from './visit.ts'

type GuardOptions = Readonly<{
  judge: Judge
  prefix: string
  answers: Answers
  deny: Deny
  refuseToken: RefuseToken
  preflight: Preflight
}>

/**
 * Builds the hook that every request for an upstream passes, WebSocket handshakes included.
 * It has the request judged and either lets it go on or has it answered.
 */
export function createGuard(options: GuardOptions): onRequestHookHandler {
  const { judge, prefix, answers, deny, refuseToken, preflight } = options

  return function guard(request, reply, done) {
    if (isBelow(targetOf(request).path, prefix)) {
      answers.notFound(request, reply, 'own-endpoint-unknown')
      return
    }
    if (preflight(request, reply)) return
    const { rules, refusal } = judge.findRules(request)
    if (refusal !== undefined) {
      answerRefusal(request, reply, refusal)
      return
    }
    if (request.visit.rule?.upstream === undefined) {
      answers.notFound(request, reply, 'no-upstream')
      return
    }
    const verdict = judge.decide(request, rules)
    if (!(verdict instanceof Promise)) {
      settle(request, reply, verdict, done)
      return
    }
    // Whatever throws on the way, answering included, ends in an answer: nobody else would catch it.
    verdict
      .then((settled) => settle(request, reply, settled, done))
      .catch((error) => answers.internal(request, reply, error))
  }

  function answerRefusal(request: FastifyRequest, reply: FastifyReply, refusal: PathRefusal): void {
    if (refusal.kind === 'no-rule') answers.notFound(request, reply, 'no-rule')
    else if (refusal.kind === 'wrong-method') answers.wrongMethod(request, reply, refusal.allow)
    else answers.badRequest(request, reply, 'target-needs-opt-in')
  }

  function settle(request: FastifyRequest, reply: FastifyReply, verdict: Verdict, done: () => void): void {
    switch (verdict.kind) {
      case 'unavailable':
        answers.unavailable(request, reply, verdict.failure)
        return
      case 'token-refused':
        refuseToken.fault(request, reply, verdict.fault)
        return
      case 'malformed':
        refuseToken.malformed(request, reply)
        return
      case 'decided':
        if (verdict.decision.kind === 'forward') done()
        else deny(request, reply, verdict.decision)
    }
  }
}
