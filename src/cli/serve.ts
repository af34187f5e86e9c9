import { buildApp } from '../app.ts'
import type { Config } from '../config/schema.ts'
import { createLogger } from '../logs/logger.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { exitOnFatal } from './exit-on-fatal.ts'
import { untilStopped } from './until-stopped.ts'

/** Runs the gateway until SIGTERM or SIGINT; then lets the requests under way finish. Rejects when it cannot listen. */
export async function runServe(config: Config): Promise<void> {
  // From the start on: a process of number 1 in a container ignores the signals nobody listens to.
  const stopped = untilStopped()
  const log = createLogger({ ...config.logging, isTerminal: process.stdout.isTTY === true })
  exitOnFatal(log)
  const { logger } = log
  const metrics = config.admin.metrics ? createMetrics({ now: () => Date.now() / 1000 }) : undefined
  const app = await buildApp(config, { logger, writeLine: log.write, metrics })
  try {
    const { publicAddress, adminAddress } = await app.listen()
    logger.info(
      { listen: publicAddress, admin: adminAddress },
      `Postern serves ${config.server.public_url[0]}`,
    )
    await stopped
    logger.info('finishing the requests under way')
  } finally {
    await app.close()
    log.close()
  }
}
