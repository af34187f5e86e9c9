import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { type App, buildApp, type Patience, type Surroundings } from '../app.ts'
import type { Config } from '../config/schema.ts'
import { createLasting } from '../lasting.ts'
import { mergedExposition } from '../metrics/merge.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { type Child, createFleet } from './fleet.ts'
import { forkWorker } from './fork.ts'
import { withNews } from './news.ts'

/** A gateway whose requests several processes serve, as its primary process sees it. */
export type SharedApp = Pick<App, 'gateway' | 'prepare' | 'noteReload' | 'reopenAudit' | 'listen' | 'close'>

const unrefDelay = (ms: number) => delay(ms, undefined, { ref: false })

/**
 * Builds a gateway of `count` worker processes. This process serves none of the requests: it has the admin listener, spends
 * the refresh tokens for all, and knows which sessions are over.
 */
export async function buildSharedApp(
  config: Config,
  count: number,
  surroundings: Omit<Surroundings, 'metrics'> &
    Readonly<{ metrics?: Metrics | undefined; fork?: () => Child }>,
): Promise<SharedApp> {
  const { logger, fork = forkWorker, sleep = unrefDelay, metrics } = surroundings
  const { clock = () => Math.floor(Date.now() / 1000) } = surroundings
  const fleet = createFleet({
    ...{ count, config, logger },
    fork,
    app: () => app,
    elapsed: () => performance.now(),
    sleep,
  })
  const lasting = withNews(createLasting(clock, metrics?.observer), fleet.news)
  const app: App = await buildApp(config, {
    ...{ ...surroundings, clock, sleep, lasting, checks: fleet.checks },
    metrics: metrics && { ...metrics, exposition: mergedExposition(metrics.snapshot, fleet.reports) },
  })
  return { ...app, prepare: fleet.prepare, reopenAudit, listen, close }

  function reopenAudit(): void {
    app.reopenAudit()
    fleet.reopenAudit()
  }

  async function listen() {
    const adminAddress = await app.listenAdmin()
    return { publicAddress: await fleet.start(), adminAddress }
  }

  async function close({ delayMs = 0, withinMs = 10_000 }: Partial<Patience> = {}): Promise<void> {
    app.failReadiness()
    await fleet.close({ delayMs, withinMs })
    await app.close()
  }
}
