import { platform, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { loadConfig } from '../config/load.ts'
import { type Problem, problemsOf } from '../config/problem.ts'
import { readTextFile } from '../config/read-text-file.ts'
import type { Config } from '../config/schema.ts'
import { ruleProblems } from '../core/rules.ts'
import { type FileState, fileStateSync } from '../reload/file-state.ts'
import type { FileStates } from '../reload/file-watch.ts'

/** What the thread that loads a configuration sends back; see `loadApart`. */
export type Loaded = (Readonly<{ config: Config }> | Readonly<{ problems: readonly Problem[] }>) &
  Readonly<{
    /** Every file that was read, the configuration itself included, and what it was like. */
    files: FileStates
  }>

/** What that thread is told. */
export type LoadOrder = Readonly<{
  file: string
  /** Of the thread, as `nice` has it. */
  priority: number
}>

if (parentPort !== null) {
  const { file, priority } = workerData as LoadOrder
  takePriority(priority)
  parentPort.postMessage(load(file))
}

/** Elsewhere threads have no priority of their own, and that of the whole process would change. */
function takePriority(priority: number): void {
  if (platform() !== 'linux' || priority === 0) return
  try {
    setPriority(priority)
  } catch {
    // A sandbox may forbid it; then it is no worse than without.
  }
}

function load(file: string): Loaded {
  const files = new Map<string, FileState>()
  const readFile = (path: string) => {
    files.set(path, fileStateSync(path))
    return readTextFile(path)
  }
  try {
    const config = loadConfig(file, { env: process.env, readFile, checkRules: ruleProblems })
    return { config, files }
  } catch (error) {
    return { problems: problemsOf(error), files }
  }
}
