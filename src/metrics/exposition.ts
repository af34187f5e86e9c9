import { AggregatorRegistry, type Registry } from 'prom-client'

/** The metrics of one process as plain data, which can be sent to another. */
export type Snapshot = readonly object[]

/** What a scrape is answered with. */
export type Exposition = Readonly<{ contentType: string; text: () => Promise<string> }>

/** The metrics of this process alone. */
export function expositionOf(registry: Registry): Exposition {
  return { contentType: registry.contentType, text: () => registry.metrics() }
}

/** The metrics of a process, to be merged with those of others. */
export async function snapshotOf(registry: Registry): Promise<Snapshot> {
  return registry.getMetricsAsJSON()
}

/** The metrics of several processes as those of one: counts are added up, of gauges it depends on what they tell. */
export function mergedExposition(snapshots: () => Promise<readonly Snapshot[]>): Exposition {
  return {
    contentType: AggregatorRegistry.PROMETHEUS_CONTENT_TYPE,
    text: async () => AggregatorRegistry.aggregate([...(await snapshots())]).metrics(),
  }
}
