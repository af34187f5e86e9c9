import type { Metric, Registry } from 'prom-client'
import { createSeries, type LabelValue } from './series.ts'
import { createSpread, type Spread } from './spread.ts'

/** Seconds: the gateway itself takes less than the least, and an upstream may take a minute. */
export const latencyBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** What every metric says about itself. */
type Description = Readonly<{ name: string; help: string; labelNames?: readonly string[] }>

type Labels = Readonly<Record<string, string>>
type Sample = Readonly<{ labels: Labels; value: number; metricName?: string }>

/** One counted number. */
export type Count = { value: number }

/** The children of a metric by their label values, in the order of its label names. */
type Children<T> = (...values: readonly LabelValue[]) => T

/** Adds a counter; its children are plain numbers, which the registry reads when it is scraped. */
export function addCounter(registry: Registry, description: Description): Children<Count> {
  const { of, entries } = createSeries<Count>(description.labelNames ?? [], () => ({ value: 0 }))
  register(registry, description, 'counter', () =>
    entries().map(({ labels, child }) => ({ labels, value: child.value })),
  )
  return of
}

/** Adds a histogram with these upper bounds, which ascend. */
export function addHistogram(
  registry: Registry,
  { bounds, ...description }: Description & Readonly<{ bounds: readonly number[] }>,
): Children<Spread> {
  const { of, entries } = createSeries(description.labelNames ?? [], () => createSpread(bounds))
  register(registry, description, 'histogram', () =>
    entries().flatMap(({ labels, child }) => samplesOf(description.name, labels, child)),
  )
  return of
}

function samplesOf(name: string, labels: Labels, { buckets, total }: Spread): Sample[] {
  return [
    ...buckets().map(({ le, count }) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le },
      value: count,
    })),
    { metricName: `${name}_sum`, labels, value: total().sum },
    { metricName: `${name}_count`, labels, value: total().count },
  ]
}

/** A registry asks its metrics for what they hold, and nothing else of them; those of several processes are added up. */
function register(
  registry: Registry,
  { name, help, labelNames = [] }: Description,
  type: 'counter' | 'histogram',
  values: () => readonly Sample[],
): void {
  const facts = { name, help, type, aggregator: 'sum' }
  const metric = { ...facts, labelNames, get: async () => ({ ...facts, values: values() }) }
  registry.registerMetric(metric as unknown as Metric)
}
