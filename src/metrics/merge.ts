import { AggregatorRegistry } from 'prom-client'
import type { Exposition, Snapshot } from './exposition.ts'

/** What another process told; nothing when it did not answer in time. */
export type Report = Readonly<{ id: number; snapshot: Snapshot | undefined }>

/**
 * Shows the metrics of several processes as those of one: counts are added up, of gauges it depends on what they tell. What a
 * process had counted when it ended is kept, else the sums would go down, which Prometheus takes for a beginning from zero.
 * @param own - those of this process, which speaks for all where there can be but one answer
 * @param others - every other process that is alive
 */
export function mergedExposition(
  own: () => Promise<Snapshot>,
  others: () => Promise<readonly Report[]>,
): Exposition {
  const known = new Map<number, Snapshot>()
  let departed: Snapshot = []
  return { contentType: AggregatorRegistry.PROMETHEUS_CONTENT_TYPE, text }

  async function text(): Promise<string> {
    const [mine, reports] = await Promise.all([own(), others()])
    await letGo(new Set(reports.map(({ id }) => id)))
    for (const { id, snapshot } of reports) if (snapshot !== undefined) known.set(id, snapshot)
    return merged([mine, departed, ...known.values()]).metrics()
  }

  async function letGo(alive: ReadonlySet<number>): Promise<void> {
    for (const [id, last] of [...known].filter(([id]) => !alive.has(id))) {
      known.delete(id)
      departed = await merged([departed, last.filter(isCounted)]).getMetricsAsJSON()
    }
  }
}

function merged(snapshots: readonly Snapshot[]) {
  return AggregatorRegistry.aggregate([...snapshots])
}

/** A gauge tells of a moment, which is over. */
function isCounted(metric: object): boolean {
  return (metric as { type?: string }).type !== 'gauge'
}
