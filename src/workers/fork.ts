import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import type { Child } from './fleet.ts'
import { closeUntaken } from './untaken.ts'

/** Starts a worker process; it shares the listening sockets with the others. */
export function forkWorker(): Child {
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('./worker-process.js', import.meta.url)),
    args: [],
    // Configurations and sessions hold bytes, maps and undefined, which JSON does not.
    serialization: 'advanced',
  })
  const worker = cluster.fork()
  closeUntaken(worker.process)
  // Node loses what is sent to a process that does not listen yet: it says when it does.
  const listening = new Promise<void>((resolve) => worker.once('message', () => resolve()))
  return {
    pid: worker.process.pid,
    port: {
      send: (message) => void listening.then(() => worker.isConnected() && worker.send(message)),
      receive: (listener) => worker.on('message', listener),
    },
    onExit: (listener) => {
      worker.on('exit', (code, signal) => listener(signal ?? `exit code ${code}`))
      worker.on('error', ({ message }: Error) => {
        // One that cannot be spoken to any more ends; of one that never began, Node does not say so.
        if (worker.process.pid !== undefined) worker.process.kill('SIGKILL')
        else listener(message)
      })
    },
    kill: () => void worker.process.kill('SIGKILL'),
  }
}
