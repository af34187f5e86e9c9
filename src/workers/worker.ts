import type { Logger } from 'pino'
import { type App, buildApp, type Patience, type Prepared, type Surroundings } from '../app.ts'
import type { Config } from '../config/schema.ts'
import { createLasting } from '../lasting.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { type Channel, createChannel, type Port } from './channel.ts'
import { createLink } from './link.ts'

type WorkerOptions = Readonly<{
  port: Port
  /** Made for the first configuration. */
  createLogger: (config: Config) => Logger
  /** Writes a line among those of the log. */
  writeLine: (line: string) => void
  /** Makes what counts, where the configuration wants it. */
  loadMetrics: (config: Config) => Promise<Metrics | undefined>
  /** Gives a configuration what it lost on its way here. */
  restore: (config: Config) => Config
  /** Called when everything is finished. */
  exit: () => void
}> &
  Pick<Surroundings, 'clock' | 'sleep'>

/** What a worker begins with. */
export type Beginning = Readonly<{
  config: Config
  /** Sessions that are over, and until when that must be known. */
  ended: readonly (readonly [id: string, until: number])[]
  /** When sessions were seen whose cookies cannot say so. */
  sightings: readonly (readonly [id: string, at: number])[]
}>

/** What the primary process is told by a worker that has begun. */
export type Started = Readonly<{ address: string }>

/**
 * Runs one of several processes that serve. It does what the primary process asks for: serve by a configuration, prepare
 * another one and change to it, take note of what became of sessions elsewhere, and stop.
 */
export function runWorker(options: WorkerOptions): void {
  const { port, createLogger, restore, exit, clock = () => Math.floor(Date.now() / 1000), sleep } = options
  let metrics: Metrics | undefined
  const lasting = createLasting(clock, {
    streamOpened: (kind) => metrics?.observer.streamOpened(kind),
    streamClosed: (kind) => metrics?.observer.streamClosed(kind),
  })
  const { memory, live } = lasting
  let app: App | undefined
  let prepared: Prepared | undefined
  const channel: Channel = createChannel(port, {
    start,
    prepare: async (config: Config) => {
      prepared = await app?.prepare(restore(config))
    },
    commit: () => prepared?.commit(),
    discard: () => prepared?.discard(),
    ended: ({ id, until }: { id: string; until: number }) => {
      memory.ended.end(id, until)
      live.end(id)
    },
    renewed: (renewed: { id: string; generation: number }) => {
      memory.generations.note(renewed)
      memory.awaited.set(renewed.id, renewed.generation)
    },
    sighting: ({ id, at }: { id: string; at: number }) => memory.sightings.note({ id }, at),
    // Asked behind other messages, its answer tells that they were taken note of.
    settled: () => {},
    snapshot: () => metrics?.snapshot(),
    'reopen-audit': () => app?.reopenAudit(),
    stop,
  })
  channel.tell('listening')

  async function start(beginning: Beginning): Promise<Started> {
    for (const [id, until] of beginning.ended) memory.ended.end(id, until)
    for (const [id, at] of beginning.sightings) memory.sightings.note({ id }, at)
    const config = restore(beginning.config)
    const logger = createLogger(config)
    metrics = await options.loadMetrics(config)
    app = await buildApp(config, {
      ...{ logger, writeLine: options.writeLine, metrics, clock, lasting, link: createLink(channel) },
      ...(sleep && { sleep }),
    })
    return { address: await app.listenPublic() }
  }

  async function stop(patience: Patience): Promise<void> {
    await app?.close(patience)
    exit()
  }
}
