import { parentPort, workerData } from 'node:worker_threads'
import { loadConfig } from '../config/load.ts'
import { type Problem, problemsOf } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { ruleProblems } from '../core/rules.ts'

/** What the thread that loads a configuration sends back; see `loadConfigApart`. */
export type Loaded = Readonly<{ config: Config }> | Readonly<{ problems: readonly Problem[] }>

parentPort?.postMessage(load(workerData))

function load(file: string): Loaded {
  try {
    return { config: loadConfig(file, { env: process.env, checkRules: ruleProblems }) }
  } catch (error) {
    return { problems: problemsOf(error) }
  }
}
