import type { Server } from 'node:http'

/** A part of the demo; `listen` resolves to its address. */
export type DemoServer = Readonly<{ listen: () => Promise<string>; close: () => Promise<void> }>

/** Resolves once the server listens, rejects when it cannot. */
export function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
}

/** Ends the server and the connections it still has. */
export function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
