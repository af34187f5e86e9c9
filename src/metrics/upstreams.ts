import type { Registry } from 'prom-client'
import type { Observer } from '../observer.ts'
import { addCounter, addHistogram, latencyBounds } from './metric.ts'

const outcomes = ['2xx', '3xx', '4xx', '5xx', 'unreachable', 'timeout', 'invalid', 'cut']

/** Counts what upstreams answer. */
export function countUpstreams(registry: Registry) {
  const responses = addCounter(registry, {
    name: 'postern_upstream_responses_total',
    help: 'Answers of upstreams by the class of their status, and why there was none: unreachable, timeout, invalid; cut broke off later.',
    labelNames: ['upstream', 'outcome'],
  })
  const durations = addHistogram(registry, {
    name: 'postern_upstream_response_seconds',
    help: 'Time from passing a request on to the head of the answer.',
    labelNames: ['upstream'],
    bounds: latencyBounds,
  })
  const upstreamAnswered: Observer['upstreamAnswered'] = ({ upstream, outcome, ms }) => {
    responses(upstream, outcome).value += 1
    if (ms !== undefined) durations(upstream).add(ms / 1000)
  }
  const expectUpstreams = (names: readonly string[]): void => {
    for (const name of names) for (const outcome of outcomes) responses(name, outcome)
  }
  return { upstreamAnswered, expectUpstreams }
}
