import cluster from 'node:cluster'
import { exitOnFatal } from '../cli/exit-on-fatal.ts'
import { restored } from '../config/restored.ts'
import { createLogger, type Log } from '../logs/logger.ts'
import { loadMetrics } from '../metrics/load.ts'
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
  createLogger: ({ logging }) => {
    log = createLogger({ ...logging, isTerminal: process.stdout.isTTY === true, isShared: true })
    exitOnFatal(log)
    return log.logger.child({ worker: cluster.worker?.id })
  },
  writeLine: (line) => log?.write(line),
  loadMetrics,
  exit: () => {
    log?.close()
    process.exit(0)
  },
})
