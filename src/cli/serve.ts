import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { buildApp } from '../app.ts'
import { ConfigError } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { createLogger, type Log } from '../logs/logger.ts'
import { createMetrics, type Metrics } from '../metrics/metrics.ts'
import { createFileWatch } from '../reload/file-watch.ts'
import { createReloader, type Reloader } from '../reload/reloader.ts'
import { buildSharedApp, type SharedApp } from '../workers/start.ts'
import { exitOnFatal } from './exit-on-fatal.ts'
import { loadApart } from './load-apart.ts'
import { type StopSignal, untilStopped } from './until-stopped.ts'

/** How often the files of the configuration are looked at. */
const lookEveryMs = 2_000
/**
 * Requests come first: with few cores they would wait for a thread that reads a configuration (measured: their p99 meanwhile is
 * 14 ms with this, 16 without). Not further down, where a machine that is busy for long would leave it no time at all.
 */
const reloadPriority = 5
/** How long a process that has stopped may take to end by itself. */
const lingerMs = 1_000

/**
 * Runs the gateway until SIGTERM or SIGINT; then lets the requests under way finish. At SIGHUP, and when a file was changed,
 * it takes the configuration anew. Rejects when it cannot listen.
 *
 * @throws {ConfigError} with every problem of the first configuration
 */
export async function runServe(file: string): Promise<void> {
  // From the start on: a process of number 1 in a container ignores the signals nobody listens to.
  const stopped = untilStopped()
  // What is about to be read is new enough.
  process.on('SIGHUP', () => {})
  const loaded = await loadApart(file)
  if ('problems' in loaded) throw new ConfigError(loaded.problems)
  const { config, files } = loaded
  const log = createLogger({ ...config.logging, isTerminal: process.stdout.isTTY === true })
  exitOnFatal(log)
  const { logger } = log
  const metrics = config.admin.metrics ? createMetrics({ now: () => Date.now() / 1000 }) : undefined
  const app = await build(config, { logger, writeLine: log.write, metrics })
  const watch = createFileWatch()
  watch.watch(files)
  const load = () => loadApart(file, reloadPriority)
  const reloading = reloadWhenAsked(app, createReloader({ load, app, watch, logger, now: () => new Date() }))
  try {
    const { publicAddress, adminAddress } = await app.listen()
    logger.info(
      { listen: publicAddress, admin: adminAddress },
      `Postern serves ${config.server.public_url[0]}`,
    )
    await finish(app, log, await stopped)
  } finally {
    reloading.abort()
    await app.close()
    log.close()
    // Everything is over: what was forgotten, in here or in a library, keeps nobody waiting for the end of the process.
    setTimeout(() => process.exit(), lingerMs).unref()
  }
}

type ProcessSurroundings = Readonly<{
  logger: Logger
  writeLine: (line: string) => void
  metrics: Metrics | undefined
}>

/** One process that does everything, or several for the requests. */
function build(config: Config, surroundings: ProcessSurroundings): Promise<SharedApp> {
  const { workers } = config.server
  const count = workers === 'auto' ? availableParallelism() : workers
  return count === 1 ? buildApp(config, surroundings) : buildSharedApp(config, count, surroundings)
}

/** At a signal, and whenever files were changed if the configuration in force says so. */
function reloadWhenAsked(app: SharedApp, { reload, look }: Reloader): AbortController {
  const ending = new AbortController()
  const onSignal = () => {
    app.reopenAudit()
    void reload('signal')
  }
  process.on('SIGHUP', onSignal)
  ending.signal.addEventListener('abort', () => process.off('SIGHUP', onSignal))
  const watching = async () => {
    for (;;) {
      await delay(lookEveryMs, undefined, { ref: false, signal: ending.signal })
      if (app.gateway().config.server.watch_files) await look()
    }
  }
  watching().catch(() => {})
  return ending
}

async function finish(app: SharedApp, { logger }: Log, signal: StopSignal): Promise<void> {
  const { delay: delayMs, timeout: withinMs } = app.gateway().config.server.shutdown
  logger.info({ signal }, 'stopping: not ready any more, then finishing the requests under way')
  // Who stops it by hand waits for nobody to notice.
  await app.close({ delayMs: signal === 'SIGINT' ? 0 : delayMs, withinMs })
}
