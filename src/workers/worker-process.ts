import cluster from 'node:cluster'
import { exitOnFatal } from '../cli/exit-on-fatal.ts'
import { restored } from '../config/restored.ts'
import { createLogger, type Log } from '../logs/logger.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { runWorker } from './worker.ts'

// What a worker process runs. A terminal and some supervisors signal all processes of a group: the primary decides.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {})

let log: Log | undefined

runWorker({
  port: {
    send: (message) => process.send?.(message),
    receive: (listener) => process.on('message', listener),
  },
  restore: restored,
  surroundingsFor: ({ logging, admin }) => {
    log = createLogger({ ...logging, isTerminal: process.stdout.isTTY === true, isShared: true })
    exitOnFatal(log)
    return {
      logger: log.logger.child({ worker: cluster.worker?.id }),
      writeLine: log.write,
      metrics: admin.metrics ? createMetrics({ now: () => Date.now() / 1000 }) : undefined,
    }
  },
  exit: () => {
    log?.close()
    process.exit(0)
  },
})
