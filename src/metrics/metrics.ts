import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Observer } from '../observer.ts'
import { countAudit } from './audit.ts'
import type { Exposition, Snapshot } from './exposition.ts'
import { countProvider } from './provider.ts'
import { countReloads } from './reloads.ts'
import { countRequests } from './requests.ts'
import { countSessions } from './sessions.ts'
import { countStreams } from './streams.ts'
import { countUpstreams } from './upstreams.ts'

/** What a process counts about itself. */
export type Metrics = Readonly<{
  observer: Observer
  /** What a scrape of this process alone is answered with. */
  exposition: Exposition
  /** The same as plain data, for another process. */
  snapshot: () => Promise<Snapshot>
  /** Begins to count for these upstreams, from zero: so the first failure of one is a rise, which alerts need, and not a beginning. */
  expectUpstreams: (names: readonly string[]) => void
  /** What each of them is. */
  describe: () => readonly MetricDescription[]
}>

/** What a metric says about itself. */
export type MetricDescription = Readonly<{
  name: string
  help: string
  type: string
  labelNames: readonly string[]
}>

/**
 * Makes the metrics of one process, in a registry of their own. `now` gives epoch seconds.
 * Labels hold names of the configuration, reasons of the code and status codes: nothing that a client wrote.
 */
export function createMetrics(options: Readonly<{ now: () => number }>): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = countRequests(registry)
  const { expectUpstreams, ...upstreams } = countUpstreams(registry)
  const observer = {
    ...requests,
    ...upstreams,
    ...countProvider(registry),
    ...countSessions(registry),
    ...countStreams(registry),
    ...countReloads(registry, options.now),
    ...countAudit(registry),
  }
  return {
    observer,
    exposition: { contentType: registry.contentType, text: () => registry.metrics() },
    snapshot: () => registry.getMetricsAsJSON(),
    expectUpstreams,
    describe: () => registry.getMetricsAsArray() as unknown as readonly MetricDescription[],
  }
}
