import type { Registry } from 'prom-client'
import type { Observer } from '../observer.ts'
import { addCounter, addHistogram } from './metric.ts'

/** Seconds; the configured timeout ends a request, 10 s by default. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Counts what the provider, and the servers of bearer tokens, are asked. */
export function countProvider(registry: Registry): Pick<Observer, 'providerAnswered'> {
  const requests = addCounter(registry, {
    name: 'postern_provider_requests_total',
    help: 'Requests to the provider or to servers of bearer tokens, by section of the configuration, operation and outcome.',
    labelNames: ['section', 'operation', 'outcome'],
  })
  const durations = addHistogram(registry, {
    name: 'postern_provider_request_seconds',
    help: 'Time until the whole answer of such a request was there, or was given up.',
    labelNames: ['section', 'operation'],
    bounds,
  })
  return {
    providerAnswered({ section, operation, outcome, ms }) {
      requests(section, operation, outcome).value += 1
      durations(section, operation).add(ms / 1000)
    },
  }
}
