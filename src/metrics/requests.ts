import { STATUS_CODES } from 'node:http'
import type { Registry } from 'prom-client'
import type { Observer } from '../observer.ts'
import type { LoginProblem } from '../pages/login-problem.ts'
import { addCounter, addHistogram, latencyBounds } from './metric.ts'

/** What is written for a client that went away before there was an answer; no HTTP status. */
const clientClosedRequest = 499

/** Why a sign-in fails; counted from zero, so that the first failures are a rise. */
const signInFailures = [
  'login-cookie-missing',
  'login-going-round',
  'login-refused',
  'login-expired',
  'login-unknown',
  'login-already-used',
  'provider-unreachable',
  'provider-invalid',
  'client-refused',
  'session-too-large',
] as const satisfies readonly LoginProblem['reason'][]

/** Counts requests, what was decided about them, and the sign-ins and sign-outs among them. */
export function countRequests(registry: Registry): Pick<Observer, 'requestEnded' | 'unreadable' | 'shed'> {
  const requests = addCounter(registry, {
    name: 'postern_requests_total',
    help: 'Requests that ended, by the route that judged them (none: no route did, as with our own endpoints) and by status; 499 is a client that left.',
    labelNames: ['rule', 'status'],
  })
  const durations = addHistogram(registry, {
    name: 'postern_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer, by route; WebSockets and event streams are left out.',
    labelNames: ['rule'],
    bounds: latencyBounds,
  })
  const decisions = addCounter(registry, {
    name: 'postern_decisions_total',
    help: 'Requests by what was decided (answer: there was nothing to decide) and why.',
    labelNames: ['decision', 'reason'],
  })
  const signIns = addCounter(registry, {
    name: 'postern_sign_ins_total',
    help: 'Sign-ins that came to an end, by how and why.',
    labelNames: ['outcome', 'reason'],
  })
  const signOuts = addCounter(registry, {
    name: 'postern_sign_outs_total',
    help: 'Sessions that their owner ended.',
  })
  const unreadable = addCounter(registry, {
    name: 'postern_unreadable_messages_total',
    help: 'Messages that never became a request, by the status they were answered with: 431 is a header block that is too large.',
    labelNames: ['status'],
  })
  const shed = addCounter(registry, {
    name: 'postern_requests_shed_total',
    help: 'Requests and connections that were turned away to protect the process: event-loop-delay and memory (503), too-many-logins (429), too-many-connections and too-many-connections-of-client (closed as they came).',
    labelNames: ['reason'],
  })
  signIns('succeeded', 'signed-in')
  for (const reason of signInFailures) signIns('failed', reason)
  signOuts()
  for (const status of [400, 408, 431]) unreadable(status)

  return {
    requestEnded({ rule = 'none', status, durationMs, isStream, decision, reason, event }) {
      requests(rule, statusLabel(status)).value += 1
      if (!isStream) durations(rule).add(durationMs / 1000)
      decisions(decision, reason).value += 1
      if (event === undefined) return
      if (event === 'sign-out') signOuts().value += 1
      else signIns(event === 'sign-in' ? 'succeeded' : 'failed', reason).value += 1
    },
    unreadable: (status) => {
      unreadable(status).value += 1
    },
    shed: (reason) => {
      shed(reason).value += 1
    },
  }
}

/** An upstream may answer with any number: those without a meaning are counted by their class, so that there are not too many. */
function statusLabel(status: number): number | string {
  const isKnown = status in STATUS_CODES || status === clientClosedRequest
  return isKnown ? status : `${Math.floor(status / 100)}xx`
}
