import type { Logger } from 'pino'
import { type App, buildApp } from '../app.ts'
import type { Config } from '../config/schema.ts'
import { createLogger } from '../logs/logger.ts'
import { untilStopped } from './until-stopped.ts'

/** Runs the gateway until SIGTERM or SIGINT; then lets the requests under way finish. */
export async function runServe(config: Config): Promise<void> {
  const log = createLogger({ ...config.logging, isTerminal: process.stdout.isTTY === true })
  const app = await buildApp(config, { logger: log.logger })
  await listen(app, config, log.logger)
  await untilStopped()
  log.logger.info('finishing the requests under way')
  await app.close()
  log.close()
}

async function listen(app: App, config: Config, logger: Logger): Promise<void> {
  const { publicAddress, adminAddress } = await app.listen()
  const [publicUrl] = config.server.public_url
  logger.info({ listen: publicAddress, admin: adminAddress }, `Postern serves ${publicUrl}`)
}
