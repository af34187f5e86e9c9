import type { Logger } from 'pino'
import type { App, Patience, Prepared } from '../app.ts'
import type { Config } from '../config/schema.ts'
import { deferred } from '../core/deferred.ts'
import type { Session } from '../core/session.ts'
import type { Report } from '../metrics/merge.ts'
import { type Channel, createChannel, type Port } from './channel.ts'
import type { News } from './news.ts'
import { createPace } from './pace.ts'
import type { Beginning, Started } from './worker.ts'

/** A process that was forked. */
export type Child = Readonly<{
  pid: number | undefined
  port: Port
  /** Calls back once, with how it ended, for the log. */
  onExit: (listener: (how: string) => void) => void
  kill: () => void
}>

type Member = Readonly<{
  /** Among all there ever were. */
  number: number
  child: Child
  channel: Channel
  /** Settles when it serves, or never will. */
  started: Promise<Started>
  /** Resolves when it has ended. */
  ended: Promise<void>
}> & { isServing: boolean }

type FleetOptions = Readonly<{
  count: number
  config: Config
  fork: () => Child
  /** The app of this process, which serves no requests itself. */
  app: () => App
  logger: Logger
  /** Monotonic milliseconds. */
  elapsed: () => number
  sleep: (ms: number) => Promise<unknown>
}>

/** The processes that serve. */
export type Fleet = Readonly<{
  /** Starts them all; gives the address. Rejects when one cannot serve, and leaves none behind. */
  start: () => Promise<string>
  /** As that of an app, for all of them: nobody changes unless everybody can. */
  prepare: (config: Config) => Promise<Prepared>
  /** What the readiness of them all depends on. */
  checks: () => Readonly<Record<string, Readonly<{ ok: boolean; reason?: string }>>>
  /** Tells all of them. */
  news: News
  /** What each of them counts; one that is busy for too long has nothing to tell. */
  reports: () => Promise<readonly Report[]>
  /** Has each of them open its audit file anew. */
  reopenAudit: () => void
  /** Has them stop, each as an app does; whoever does not is ended. */
  close: (patience: Patience) => Promise<void>
}>

/** How long others may take to note that a session is over, in milliseconds. */
const settleWithinMs = 1_000

/** How long a scrape waits for a process that is busy, in milliseconds. */
const reportWithinMs = 2_000

/** What a process that was asked to stop may take beyond its patience, in milliseconds. */
const killAfterMs = 2_000

/** Makes the fleet; nothing is started yet. */
export function createFleet(options: FleetOptions): Fleet {
  const { count, fork, app, logger, elapsed, sleep } = options
  const members = new Set<Member>()
  const pace = createPace()
  let { config } = options
  let isStopping = false
  let launched = 0
  /** No process begins while the configuration changes: it would begin with the one before. */
  let changing: Promise<void> = Promise.resolve()

  return { start, prepare, checks, news: { ended, renewed }, reports, reopenAudit, close }

  async function start(): Promise<string> {
    const first = Array.from({ length: count }, () => launch())
    try {
      const [{ address }] = (await Promise.all(first.map(({ started }) => started))) as [Started]
      return address
    } catch (error) {
      isStopping = true
      for (const { child } of members) child.kill()
      throw error
    }
  }

  function launch(): Member {
    const begunAt = elapsed()
    const child = fork()
    const { promise: gone, resolve: tellEnded } = deferred()
    const channel = createChannel(
      child.port,
      handlersOf(() => member),
    )
    launched += 1
    const member: Member = {
      number: launched,
      child,
      channel,
      isServing: false,
      ended: gone,
      started: begin(),
    }
    members.add(member)
    child.onExit((how) => {
      channel.close()
      members.delete(member)
      tellEnded()
      if (!isStopping) void replace(how, child.pid, elapsed() - begunAt)
    })
    // Whoever waits for it is told; a process that cannot begin is of no use.
    member.started.catch(child.kill)
    return member

    async function begin(): Promise<Started> {
      await changing
      const { ended: over, sightings } = app().gateway().sessions
      const beginning: Beginning = { config, ended: over.entries(), sightings: sightings?.entries() ?? [] }
      const started = (await channel.ask('start', beginning)) as Started
      member.isServing = true
      return started
    }
  }

  async function replace(how: string, pid: number | undefined, livedMs: number): Promise<void> {
    const pauseMs = pace.pauseAfter(livedMs)
    logger.error({ worker: pid, how, pause_ms: pauseMs }, 'a worker ended, another one takes its place')
    await sleep(pauseMs)
    if (isStopping) return
    launch().started.then(
      () => logger.info('the other worker serves'),
      (error: Error) => logger.error({ reason: error.message }, 'a worker could not begin'),
    )
  }

  function handlersOf(self: () => Member) {
    const sessions = () => app().gateway().sessions
    return {
      renew: (session: Session) => sessions().refresher.current(session),
      async end(session: Session) {
        await sessions().end(session)
        await settled()
      },
      spend: (state: string) => sessions().usedStates.spend(state),
      ended: ({ id, until }: { id: string; until: number }) => sessions().ended.end(id, until),
      // That it was seen is all there is to do; what came of it is known.
      seen: (session: Session) => void sessions().refresher.current(session),
      sighting(sighting: { id: string; at: number }) {
        sessions().sightings?.note(sighting, sighting.at)
        for (const { channel } of without(self())) channel.tell('sighting', sighting)
      },
    }
  }

  function without(member: Member): readonly Member[] {
    return [...members].filter((other) => other !== member)
  }

  /** Messages are taken in order: who answers has taken note of all that were sent before. */
  async function settled(): Promise<void> {
    const answers = [...members].map(({ channel }) => channel.ask('settled').catch(() => {}))
    await Promise.race([Promise.all(answers), sleep(settleWithinMs)])
  }

  function ended(id: string, until: number): void {
    for (const { channel } of members) channel.tell('ended', { id, until })
  }

  function renewed(id: string, generation: number): void {
    for (const { channel } of members) channel.tell('renewed', { id, generation })
  }

  async function prepare(next: Config): Promise<Prepared> {
    const { promise, resolve: release } = deferred()
    changing = promise
    try {
      await Promise.allSettled([...members].map(({ started }) => started))
      const own = await app().prepare(next)
      const serving = [...members].filter(({ isServing }) => isServing)
      const discard = async () => {
        for (const { channel } of serving) channel.tell('discard')
        await own.discard()
        release()
      }
      const refused = await firstFailure(serving.map(({ channel }) => channel.ask('prepare', next)))
      if (refused !== undefined && serving.some((member) => members.has(member))) {
        await discard()
        throw refused
      }
      return { commit: () => commit(next, own, serving, release), discard }
    } catch (error) {
      release()
      throw error
    }
  }

  function commit(next: Config, own: Prepared, serving: readonly Member[], release: () => void): void {
    config = next
    own.commit()
    for (const { channel } of serving) channel.tell('commit')
    release()
  }

  function checks() {
    const serving = [...members].filter(({ isServing }) => isServing).length
    const reason = `${serving} of ${count} serve`
    return { workers: serving === count ? { ok: true } : { ok: serving > 0, reason } }
  }

  async function reports(): Promise<readonly Report[]> {
    return Promise.all(
      [...members].map(async ({ number, channel }) => {
        const asked = channel.ask('metrics').catch(() => undefined)
        const snapshot = await Promise.race([asked, sleep(reportWithinMs)])
        return { id: number, snapshot: snapshot as Report['snapshot'] }
      }),
    )
  }

  function reopenAudit(): void {
    for (const { channel } of members) channel.tell('reopen')
  }

  async function close(patience: Patience): Promise<void> {
    isStopping = true
    for (const { channel } of members) channel.ask('stop', patience).catch(() => {})
    const all = Promise.all([...members].map(({ ended: gone }) => gone))
    void sleep(patience.delayMs + patience.withinMs + killAfterMs).then(() => {
      for (const { child } of members) child.kill()
    })
    await all
  }
}

async function firstFailure(asked: readonly Promise<unknown>[]): Promise<Error | undefined> {
  const failed = (await Promise.allSettled(asked)).find(({ status }) => status === 'rejected')
  return failed && ((failed as PromiseRejectedResult).reason as Error)
}
