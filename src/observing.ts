import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import { type Audit, createAudit } from './audit/audit.ts'
import type { Config } from './config/schema.ts'
import { type Held, held } from './core/held.ts'
import { createRefreshLog } from './logs/refresh-log.ts'
import { createRequestLog } from './logs/request-log.ts'
import type { Metrics } from './metrics/metrics.ts'
import { joinObservers, type Observer } from './observer.ts'

/** What observers need of the process. */
export type ObservingSurroundings = Readonly<{
  logger: Logger
  /** Writes a line among those of the log. */
  writeLine: (line: string) => void
  /** What the process counts about itself, whatever the configuration. */
  metrics?: Pick<Metrics, 'observer' | 'expectUpstreams'> | undefined
}>

/** Who is told what happens under one configuration. */
export type Observing = Readonly<{ observer: Observer; audit: Held<Audit> }>

const noAudit: Audit = Object.freeze({ observer: {}, reopen() {}, close: async () => {} })

/**
 * Joins the log, the metrics and the audit stream, which is that of the configuration before when nothing about it is new.
 * @throws when the audit file cannot be opened
 */
export function createObserving(
  config: Config,
  surroundings: ObservingSurroundings,
  previous?: Readonly<{ config: Config; observing: Observing }>,
): Observing {
  const { logger, metrics } = surroundings
  metrics?.expectUpstreams(Object.keys(config.upstreams))
  const isSame = previous !== undefined && isDeepStrictEqual(previous.config.audit, config.audit)
  const audit = isSame ? previous.observing.audit.hold() : held(openAudit(config, surroundings), close)
  const log = { requestEnded: createRequestLog(logger), refreshed: createRefreshLog(logger) }
  return { observer: joinObservers(log, metrics?.observer ?? {}, audit.part.observer), audit }
}

function openAudit({ audit }: Config, { logger, writeLine, metrics }: ObservingSurroundings): Audit {
  if (audit === undefined) return noAudit
  return createAudit(audit, {
    logger,
    writeLine,
    onFailure: (failure) => metrics?.observer.auditFailed(failure),
  })
}

async function close(audit: Audit): Promise<void> {
  await audit.close()
}
