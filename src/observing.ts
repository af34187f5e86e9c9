import type { Logger } from 'pino'
import { createAudit } from './audit/audit.ts'
import type { Config } from './config/schema.ts'
import { createRefreshLog } from './logs/refresh-log.ts'
import { createRequestLog } from './logs/request-log.ts'
import type { Metrics } from './metrics/metrics.ts'
import { joinObservers, type Observer } from './observer.ts'

/** Who is told what happens under one configuration: the log, the metrics of the process, and the audit stream. */
export type Observing = Readonly<{
  observer: Observer
  /** Opens the audit file anew, after it was renamed. */
  reopen: () => void
  /** Writes what is left. */
  close: () => Promise<unknown>
}>

/** What observers need of the process; `writeLine` writes among the lines of the log. */
export type ObservingSurroundings = Readonly<{
  logger: Logger
  writeLine: (line: string) => void
  metrics?: Pick<Metrics, 'observer' | 'expectUpstreams'> | undefined
}>

const noAudit = { observer: {}, reopen() {}, close: async () => {} }

/**
 * Joins them.
 * @throws when the audit file cannot be opened
 */
export function createObserving(
  config: Pick<Config, 'audit' | 'upstreams'>,
  { logger, writeLine, metrics }: ObservingSurroundings,
): Observing {
  const counted: Partial<Observer> = metrics?.observer ?? {}
  const { auditFailed: onFailure = () => {} } = counted
  const audit =
    config.audit === undefined ? noAudit : createAudit(config.audit, { logger, writeLine, onFailure })
  metrics?.expectUpstreams(Object.keys(config.upstreams))
  const logged = { requestEnded: createRequestLog(logger), refreshed: createRefreshLog(logger) }
  return {
    observer: joinObservers(logged, counted, audit.observer),
    reopen: audit.reopen,
    close: audit.close,
  }
}
