/** What running Postern takes: processes, reloads, idle streams, and how soon its command answers. */
import type { Bench } from './bench.ts'
import { type ExplainResult, measureExplain } from './explain-time.ts'
import { type IdleStreamResult, measureIdleStreams } from './idle-streams.ts'
import { measureReloads, type ReloadResult } from './reload-latency.ts'
import type { Plan } from './rounds.ts'
import { compareWorkers, type WorkerResult } from './worker-throughput.ts'

export type Operations = Readonly<{
  explain: ExplainResult
  reloads: ReloadResult
  streams: IdleStreamResult
  /** Absent with one core. */
  workers: WorkerResult | undefined
}>

/** Measures one after the other; as many reloads as rounds. */
export async function measureOperations(
  bench: Bench,
  plan: Plan,
  say: (text: string) => void,
): Promise<Operations> {
  say('explain')
  const explain = await measureExplain(bench)
  say('workers')
  const workers = await compareWorkers(bench, plan)
  say('reloads')
  const reloads = await measureReloads(bench, plan.rounds)
  say('idle WebSockets')
  const streams = await measureIdleStreams(bench, plan)
  return { explain, reloads, streams, workers }
}
