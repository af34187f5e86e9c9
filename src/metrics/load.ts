import type { Metrics } from './metrics.ts'

/** Makes the metrics of this process where the configuration wants them; the library is loaded only then. */
export async function loadMetrics({
  admin,
}: Readonly<{ admin: Readonly<{ metrics: boolean }> }>): Promise<Metrics | undefined> {
  if (!admin.metrics) return undefined
  const { createMetrics } = await import('./metrics.ts')
  return createMetrics({ now: () => Date.now() / 1000 })
}
