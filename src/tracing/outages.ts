import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'

type Result = Parameters<Parameters<SpanExporter['export']>[1]>[0]

/** The same exporter, which logs once that it does not get through, and once that it does again. */
export function withOutageLog(exporter: SpanExporter, logger: Pick<Logger, 'warn' | 'info'>): SpanExporter {
  let isDown = false
  let lost = 0

  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error !== undefined) failed(result.error, spans.length)
        else if (isDown) succeeded()
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
  }

  function failed(error: NonNullable<Result['error']>, count: number): void {
    lost += count
    if (isDown) return
    isDown = true
    logger.warn({ reason: reasonOf(error) }, 'traces cannot be exported; requests are served all the same')
  }

  function succeeded(): void {
    logger.info({ lost }, 'traces are exported again')
    isDown = false
    lost = 0
  }
}

/** The status or the error of the socket; what else the server said stays out of the log. */
function reasonOf(error: Error & { code?: unknown }): string {
  return String(error.code ?? error.message)
}
