import type { Logger } from 'pino'

/**
 * Logs the first error that nobody caught, a rejection included, and ends the process with exit code 1. What state the
 * gateway is in by then is unknown, so it does not serve on: a supervisor starts it anew, and sessions live in cookies.
 */
export function exitOnFatal({ logger, close }: Readonly<{ logger: Logger; close: () => void }>): void {
  process.on('uncaughtException', (err) => {
    logger.fatal({ err }, 'ended by an error that nobody caught')
    close()
    process.exit(1)
  })
}
