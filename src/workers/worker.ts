import { type App, buildApp, type Patience, type Prepared, type Surroundings } from '../app.ts'
import type { Config } from '../config/schema.ts'
import { createLasting, type Lasting } from '../lasting.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { type Channel, createChannel, type Port } from './channel.ts'
import { createLink } from './link.ts'

type WorkerOptions = Readonly<{
  port: Port
  /** Made for the first configuration. */
  surroundingsFor: (config: Config) => WorkerSurroundings
  /** Gives a configuration what it lost on its way here. */
  restore: (config: Config) => Config
  /** Called when everything is finished. */
  exit: () => void
  /** Epoch seconds. */
  clock?: () => number
}>

type WorkerSurroundings = Omit<Surroundings, 'metrics'> & Readonly<{ metrics?: Metrics | undefined }>

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
  const { port, surroundingsFor, restore, exit, clock = () => Math.floor(Date.now() / 1000) } = options
  let lasting: Lasting | undefined
  let metrics: Metrics | undefined
  let app: App | undefined
  let prepared: Prepared | undefined
  const channel: Channel = createChannel(port, {
    start,
    prepare: async (config: Config) => {
      prepared = await app?.prepare(restore(config))
    },
    commit: () => takePrepared()?.commit(),
    // Of one that could not prepare, too, which may serve by what it prepared before.
    discard: () => takePrepared()?.discard(),
    ended: ({ id, until }: { id: string; until: number }) => {
      lasting?.memory.ended.end(id, until)
      lasting?.live.end(id)
    },
    renewed: (renewed: { id: string; generation: number }) => {
      lasting?.memory.generations.note(renewed)
      lasting?.memory.awaited.set(renewed.id, renewed.generation)
    },
    sighting: ({ id, at }: { id: string; at: number }) => lasting?.memory.sightings.note({ id }, at),
    metrics: () => metrics?.snapshot(),
    reopen: () => app?.reopenAudit(),
    // Asked behind other messages, its answer tells that they were taken note of.
    settled: () => {},
    stop,
  })
  channel.tell('listening')

  function takePrepared(): Prepared | undefined {
    const taken = prepared
    prepared = undefined
    return taken
  }

  async function start(beginning: Beginning): Promise<Started> {
    const config = restore(beginning.config)
    const surroundings = surroundingsFor(config)
    metrics = surroundings.metrics
    lasting = createLasting(clock, metrics?.observer)
    for (const [id, until] of beginning.ended) lasting.memory.ended.end(id, until)
    for (const [id, at] of beginning.sightings) lasting.memory.sightings.note({ id }, at)
    app = await buildApp(config, { ...surroundings, clock, lasting, link: createLink(channel) })
    return { address: await app.listenPublic() }
  }

  async function stop(patience: Patience): Promise<void> {
    await app?.close(patience)
    exit()
  }
}
