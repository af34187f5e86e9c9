import type { Logger } from 'pino'
import type { Prepared, ReloadOutcome } from '../app.ts'
import { renderProblem } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import type { FileStates, FileWatch } from './file-watch.ts'

/** A configuration file as it was read; `problems` where it cannot be used. */
type Loaded = (
  | Readonly<{ config: Config }>
  | Readonly<{ problems: readonly Parameters<typeof renderProblem>[0][] }>
) &
  Readonly<{ files: FileStates }>

/** What made it look at the configuration again. */
type Trigger = 'signal' | 'file-changed'

type ReloaderOptions = Readonly<{
  load: () => Promise<Loaded>
  /** What serves: one process, or all of them. */
  app: Readonly<{
    prepare: (config: Config) => Promise<Prepared>
    noteReload: (outcome: ReloadOutcome) => void
  }>
  watch: FileWatch
  logger: Logger
  now: () => Date
}>

/** Takes the configuration anew from its file. */
export type Reloader = Readonly<{
  /** Resolves when it is in force, or was refused; asked for meanwhile, it is done once more. Never rejects. */
  reload: (trigger: Trigger) => Promise<void>
  /** Reloads if a file was changed. Never rejects. */
  look: () => Promise<void>
}>

/**
 * Makes the reloader: it validates, builds, and swaps in one step. Whatever fails leaves everything as it was, and is told
 * in the log, and through `noteReload`.
 */
export function createReloader({ load, app, watch, logger, now }: ReloaderOptions): Reloader {
  let running: Promise<void> | undefined
  let isWanted = false
  return { reload, look }

  function reload(trigger: Trigger): Promise<void> {
    isWanted = true
    running ??= Promise.resolve()
      .then(() => untilDone(trigger))
      .finally(() => {
        running = undefined
      })
    return running
  }

  async function untilDone(trigger: Trigger): Promise<void> {
    while (isWanted) {
      isWanted = false
      await attempt(trigger)
    }
  }

  async function attempt(trigger: Trigger): Promise<void> {
    const problems = await apply().catch((error: Error) => [error.message])
    app.noteReload({ at: now(), reason: problems[0] })
    if (problems.length === 0) logger.info({ trigger }, 'the configuration was changed')
    else logger.error({ trigger, problems }, 'the configuration was refused; the one before is in force')
  }

  /** What is wrong, if it is not in force now. */
  async function apply(): Promise<readonly string[]> {
    const loaded = await load()
    watch.watch(loaded.files)
    if ('problems' in loaded) return loaded.problems.map(renderProblem)
    const prepared = await app.prepare(loaded.config)
    prepared.commit()
    return []
  }

  async function look(): Promise<void> {
    if (running === undefined && (await watch.hasChanged())) await reload('file-changed')
  }
}
