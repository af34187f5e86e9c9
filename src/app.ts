import type { Server } from 'node:http'
import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { createAdmin, type Readiness } from './admin/health.ts'
import { loadLimitsOf } from './client-limits.ts'
import { renderProblem } from './config/problem.ts'
import type { Config } from './config/schema.ts'
import { buildGateway, type Gateway } from './gateway.ts'
import { createLasting, type Lasting } from './lasting.ts'
import { createListener } from './listener/listener.ts'
import { type RefusedConnections, refuseConnections } from './listener/refused-connections.ts'
import type { Metrics } from './metrics/metrics.ts'
import { createGauge, type Gauge } from './overload/gauge.ts'
import type { OverloadReason } from './overload/load.ts'
import { createOverload } from './overload/monitor.ts'
import { upgradeResponse } from './proxy/upgrade.ts'
import { isWebSocket } from './proxy/web-socket.ts'
import { changesThatNeedRestart } from './restart-needed.ts'
import type { SessionLink } from './session/session-link.ts'

/** What an app takes from its surroundings; tests bring their own. */
export type Surroundings = Readonly<{
  logger: Logger
  /** Writes a line that is none of the logger's, as it is, in turn with those that are. */
  writeLine?: (line: string) => void
  /** What the process counts about itself; nothing unless given. */
  metrics?: Pick<Metrics, 'observer' | 'expectUpstreams' | 'exposition'> | undefined
  /** Epoch seconds. */
  clock?: () => number
  /** Waits for so many milliseconds. */
  sleep?: (ms: number) => Promise<unknown>
  /** Measures how much this process has to do. */
  gauge?: Gauge
  /** What is there already and outlives configurations; made anew unless given. */
  lasting?: Lasting
  /** Where another process knows about the sessions of all. */
  link?: SessionLink
  /** What else is to be told where readiness is asked for; not ready with any that is not ok. */
  checks?: () => Readiness['checks']
}>

/** A new configuration, built and ready, that nobody is served by yet. */
export type Prepared = Readonly<{
  /** Serves by it from the next request on; those under way finish by the one before. */
  commit: () => void
  /** Forgets it. */
  discard: () => Promise<void>
}>

/** The gateway, ready to listen. */
export type App = Readonly<{
  /** The listener that browsers reach. */
  server: Server
  /** Health and readiness. */
  admin: FastifyInstance
  /** What serves at the moment. */
  gateway: () => Gateway
  /** Connections that were closed as they came, since the start. */
  refusedConnections: RefusedConnections['totals']
  /** Ends streams whose session is over, and looks how much there is to do; called every second while listening. */
  sweep: () => void
  /** Opens both listeners and begins discovery; gives the addresses. */
  listen: () => Promise<{ publicAddress: string; adminAddress: string }>
  /** Opens but the listener that browsers reach, and begins discovery. */
  listenPublic: () => Promise<string>
  /** Opens but the other one, and begins discovery. */
  listenAdmin: () => Promise<string>
  /**
   * Builds what a new configuration describes, beside what serves. Rejects with an Error whose message says why it cannot be
   * used: something in it takes a restart, or the provider it names does not answer.
   */
  prepare: (config: Config) => Promise<Prepared>
  /** What came of the last attempt to change the configuration, for whoever asks how this is. */
  noteReload: (outcome: ReloadOutcome) => void
  /** Says from now on that it is to get no more requests. */
  failReadiness: () => void
  /** Opens the audit file anew by its name, after it was renamed. */
  reopenAudit: () => void
  /** Says that it is to get no more requests, waits for `delayMs`, ends open streams, lets requests finish, closes everything. */
  close: (patience?: Partial<Patience>) => Promise<void>
}>

/** What came of an attempt to change the configuration; absent reason: it is in force. */
export type ReloadOutcome = Readonly<{ at: Date; reason?: string | undefined }>

/** How long stopping may take, in milliseconds. */
export type Patience = Readonly<{
  /** For the load balancer to notice that this is not ready; none unless given. */
  delayMs: number
  /** For requests to finish; 10,000 unless given. */
  withinMs: number
}>

/** Waiting never keeps the process alive. */
const unrefDelay = (ms: number) => delay(ms, undefined, { ref: false })

const sweepEveryMs = 1_000
const quietMs = 1_000
/** What ends after requests were cut, in milliseconds. */
const lastMs = 1_000
const defaultPatience: Patience = { delayMs: 0, withinMs: 10_000 }

/** Joins the parts; listens to nothing yet. */
export async function buildApp(config: Config, surroundings: Surroundings): Promise<App> {
  const { logger, clock = () => Math.floor(Date.now() / 1000), sleep = unrefDelay } = surroundings
  const { metrics, writeLine = () => {}, link, checks: otherChecks = () => ({}) } = surroundings
  const { lasting = createLasting(clock, metrics?.observer), gauge = gaugeFor(config) } = surroundings
  const overload = createOverload(gauge, tellOverload)
  const common = { logger, writeLine, metrics, clock, sleep, lasting, link, overload: overload.reason }
  let gateway = await buildGateway(config, common)
  /** Those before it that still have requests under way. */
  const retiring = new Set<Promise<void>>()
  let isStopping = false
  let reload: ReloadOutcome | undefined
  const listener = createListener(gateway.service, { isWebSocket, upgradeResponse })
  const admin = createAdmin({ readiness, metrics: metrics?.exposition })
  const limitOf = () => gateway.connectionLimit
  const onRefuse = (reason: string) => metrics?.observer.shed(reason)
  const refused = refuseConnections(listener.server, { limitOf, logger, onRefuse, clock })
  let timer: NodeJS.Timeout | undefined
  let closing: Promise<void> | undefined
  return {
    server: listener.server,
    admin,
    gateway: () => gateway,
    refusedConnections: refused.totals,
    sweep,
    listen,
    listenPublic,
    listenAdmin,
    prepare,
    noteReload: (outcome) => {
      reload = outcome
      const { observer } = gateway.observing
      observer.reloaded({ outcome: outcome.reason === undefined ? 'applied' : 'refused' })
    },
    failReadiness: () => {
      isStopping = true
    },
    reopenAudit: () => gateway.observing.audit.part.reopen(),
    close,
  }

  async function listen() {
    const adminAddress = await listenAdmin()
    return { publicAddress: await openPublic(), adminAddress }
  }

  async function listenAdmin(): Promise<string> {
    warn(config)
    gateway.start()
    return admin.listen({ ...config.admin.listen })
  }

  async function listenPublic(): Promise<string> {
    gateway.start()
    return openPublic()
  }

  async function openPublic(): Promise<string> {
    const address = await listener.listen(config.server.listen)
    timer = setInterval(sweep, sweepEveryMs).unref()
    return address
  }

  function sweep(): void {
    lasting.live.sweep(clock())
    overload.look(loadLimitsOf(gateway.config.server))
    refused.tell()
  }

  function tellOverload(reason: OverloadReason | undefined): void {
    if (reason === undefined) logger.info('no longer overloaded: requests are served again')
    else logger.warn({ reason }, 'overloaded: new requests are answered with 503')
  }

  function warn({ warnings }: Config): void {
    for (const warning of warnings) logger.warn(renderProblem(warning))
  }

  async function prepare(next: Config): Promise<Prepared> {
    if (closing !== undefined) throw new Error('the gateway is about to stop')
    const restart = changesThatNeedRestart(gateway.config, next)
    if (restart.length > 0) throw new Error(`a restart is needed to change ${restart.join(', ')}`)
    const prepared = await buildGateway(next, { ...common, previous: gateway })
    try {
      prepared.start()
      // A provider that does not answer would keep everybody out who could sign in before.
      if (gateway.readiness().ready) await prepared.signInReady()
    } catch (cause) {
      await prepared.retire()
      throw new Error(`the provider is not ready: ${(cause as Error).message}`, { cause })
    }
    return { commit: () => commit(prepared), discard: prepared.retire }
  }

  function commit(next: Gateway): void {
    if (closing !== undefined) {
      // It comes too late: what serves is being closed.
      void next.retire()
      return
    }
    const previous = gateway
    gateway = next
    listener.serve(next.service)
    const { level } = next.config.logging
    if (level !== previous.config.logging.level) logger.level = level
    warn(next.config)
    const retired = previous.retire().finally(() => retiring.delete(retired))
    retiring.add(retired)
  }

  /** What was refused since says so, but what is in force serves on. */
  function readiness(): Readiness {
    const { ready, checks } = gateway.readiness()
    const { reason, at } = reload ?? {}
    const excess = overload.reason()
    const others = otherChecks()
    return {
      ready: ready && !isStopping && Object.values<{ ok: boolean }>(others).every(({ ok }) => ok),
      checks: {
        ...checks,
        ...others,
        // Told, and no more: an instance that is taken out for it leaves its load to the others.
        ...(excess !== undefined && { overload: { ok: false, reason: excess } }),
        ...(isStopping && { process: { ok: false, reason: 'it is about to stop' } }),
        ...(reason !== undefined && {
          config: {
            ok: false,
            reason: `the one of ${at?.toISOString()} was refused, that before it is in force: ${reason}`,
          },
        }),
      },
    }
  }

  /** Whoever asks once more waits for the first. */
  function close(patience: Partial<Patience> = {}): Promise<void> {
    closing ??= stop({ ...defaultPatience, ...patience })
    return closing
  }

  async function stop({ delayMs, withinMs }: Patience): Promise<void> {
    isStopping = true
    listener.drain()
    if (delayMs > 0) await sleep(delayMs)
    clearInterval(timer)
    overload.stop()
    lasting.live.closeAll()
    const deadline = sleep(withinMs).then(() => {
      listener.cut()
      return unrefDelay(lastMs)
    })
    // Who gave notice of it may have to do with those who did not notice.
    await listener.close(Math.min(delayMs, quietMs))
    // A refresh under way is waited for as long as requests are: its session would be lost.
    await Promise.race([deadline, Promise.all([admin.close(), gateway.retire(), ...retiring])])
  }
}

/** Workers share what the container has. */
function gaugeFor({ server: { workers } }: Config): Gauge {
  return createGauge(workers === 'auto' ? availableParallelism() : workers)
}
