import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ConfigError } from '../config/problem.ts'
import { restored } from '../config/restored.ts'
import type { Config } from '../config/schema.ts'
import type { Loaded, LoadOrder } from './load-worker.ts'

/**
 * Loads a configuration in a thread of its own; its problems come as plain data, as do the files that were read. The YAML
 * parser and the schema library end with it, instead of staying in memory for as long as the gateway runs (measured: 20 MB
 * of 108 when idle).
 *
 * With a `priority` above 0 (as `nice` has it, at most 19) that thread gives way to all others, on Linux.
 */
export async function loadApart(file: string, priority = 0): Promise<Loaded> {
  const workerData: LoadOrder = { file, priority }
  const worker = new Worker(new URL('./load-worker.js', import.meta.url), { workerData })
  const [[loaded]] = (await Promise.all([once(worker, 'message'), once(worker, 'exit')])) as [
    [Loaded],
    unknown,
  ]
  return 'problems' in loaded ? loaded : { ...loaded, config: restored(loaded.config) }
}

/**
 * Does the same, for who needs the configuration alone.
 *
 * @throws {ConfigError} with every problem there is
 */
export async function loadConfigApart(file: string): Promise<Config> {
  const loaded = await loadApart(file)
  if ('problems' in loaded) throw new ConfigError(loaded.problems)
  return loaded.config
}
