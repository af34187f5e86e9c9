import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'
import type { Surroundings } from '../../src/app.ts'
import { restored } from '../../src/config/restored.ts'
import type { Config } from '../../src/config/schema.ts'
import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts'
import type { Port } from '../../src/workers/channel.ts'
import type { Child } from '../../src/workers/fleet.ts'
import { buildSharedApp, type SharedApp } from '../../src/workers/start.ts'
import { runWorker } from '../../src/workers/worker.ts'

/** Workers that live in the process of the test, with its clock, each with a port of its own. */
export type TestFleet = Readonly<{
  app: SharedApp
  /** The ports of those that serve, oldest first. */
  ports: () => number[]
  /** Ends one, as a crash does: it says nothing any more. */
  kill: (port: number) => void
  /** Resolves when as many serve as there should be. */
  isComplete: () => Promise<void>
}>

export type TestSurroundings = Omit<Surroundings, 'metrics'> &
  Readonly<{
    clock: () => number
    sleep: (ms: number) => Promise<unknown>
    metrics?: Metrics | undefined
  }>

/** Two ends of a pipe that carries copies, in order. */
function createPipe() {
  const listeners: [((message: unknown) => void)[], ((message: unknown) => void)[]] = [[], []]
  let isCut = false
  const end = (own: 0 | 1): Port => ({
    send(message) {
      const copy = structuredClone(message)
      setImmediate(() => {
        if (!isCut) for (const listener of listeners[1 - own] as (typeof listeners)[0]) listener(copy)
      })
    },
    receive: (listener) => listeners[own].push(listener),
  })
  return {
    ends: [end(0), end(1)] as const,
    cut: () => {
      isCut = true
    },
    toWorker: (message: unknown) => {
      for (const listener of listeners[1]) listener(message)
    },
  }
}

/** Builds the app and says how to get at its workers; clients of `config.server.listen` get to one after the other. */
export async function buildFleet(
  t: Pick<Test, 'teardown'>,
  config: Config,
  count: number,
  surroundings: TestSurroundings,
): Promise<TestFleet> {
  const workers: { port: number; kill: () => void }[] = []
  const waiting: (() => void)[] = []
  let next = 0

  function fork(): Child {
    const pipe = createPipe()
    const [primary, port] = pipe.ends
    const exits: ((how: string) => void)[] = []
    const worker = { port: 0, kill }
    let isGone = false
    const leave = (how: string) => {
      if (isGone) return
      isGone = true
      const index = workers.indexOf(worker)
      if (index >= 0) workers.splice(index, 1)
      pipe.cut()
      for (const listener of exits) listener(how)
    }
    function kill() {
      leave('SIGKILL')
      pipe.toWorker({ postern: 'tell', kind: 'stop', payload: { delayMs: 0, withinMs: 0 } })
    }
    primary.receive((message) => {
      const address = (message as { value?: { address?: string } }).value?.address
      if (address === undefined) return
      worker.port = Number(new URL(address).port)
      workers.push(worker)
      for (const go of waiting.splice(0)) go()
    })
    runWorker({
      port,
      clock: surroundings.clock,
      restore: (received) => {
        const { server, ...rest } = restored(received)
        return { ...rest, server: { ...server, listen: { host: '127.0.0.1', port: 0 } } } as Config
      },
      surroundingsFor: () => ({
        ...surroundings,
        metrics: surroundings.metrics && createMetrics({ now: surroundings.clock }),
      }),
      exit: () => leave('exit code 0'),
    })
    return { pid: undefined, port: primary, onExit: (listener) => exits.push(listener), kill }
  }

  const app = await buildSharedApp(config, count, { ...surroundings, fork })
  const balancer = createServer((client) => {
    const target = workers[next++ % workers.length]
    if (target === undefined) client.destroy()
    else join(client, connect(target.port, '127.0.0.1'))
  })
  t.teardown(() => balancer.close())
  return {
    app: {
      ...app,
      listen: async () => {
        const { adminAddress } = await app.listen()
        balancer.listen(config.server.listen)
        await once(balancer, 'listening')
        return { publicAddress: `http://127.0.0.1:${(balancer.address() as AddressInfo).port}`, adminAddress }
      },
      close: async (patience) => {
        balancer.close()
        await app.close(patience)
      },
    },
    ports: () => workers.map(({ port }) => port),
    kill: (port) => workers.find((worker) => worker.port === port)?.kill(),
    isComplete: async () => {
      while (workers.length < count) await new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}

function join(client: Socket, server: Socket): void {
  client.pipe(server).pipe(client)
  client.on('error', () => server.destroy())
  server.on('error', () => client.destroy())
  client.on('close', () => server.destroy())
  server.on('close', () => client.destroy())
}
