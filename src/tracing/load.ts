import type { Tracing, TracingConfig, TracingSurroundings } from './tracing.ts'

/** Makes what traces requests. OpenTelemetry is loaded by the first call: who does not trace does not pay for it. */
export async function loadTracing(
  config: TracingConfig,
  surroundings: TracingSurroundings,
): Promise<Tracing> {
  const { createTracing } = await import('./tracing.ts')
  return createTracing(config, surroundings)
}
